/** A time of every day, in UTC: nights differ by place, logs and alarms do not. */
export interface TimeOfDay {
  hour: number;
  minute: number;
}

export class NoTimeOfDayError extends Error {
  constructor(text: string) {
    super(`"${text}" is not a time of day like 03:00 (UTC).`);
    this.name = 'NoTimeOfDayError';
  }
}

export function timeOfDay(text: string): TimeOfDay {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!found) throw new NoTimeOfDayError(text);
  return { hour: Number(found[1]), minute: Number(found[2]) };
}

/** The first such moment after `now`, never `now` itself. */
export function nextAt({ hour, minute }: TimeOfDay, now: Date): Date {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour, minute);
  return new Date(
    today > now.getTime()
      ? today
      : Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1, hour, minute),
  );
}
