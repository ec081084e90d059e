/** Time as an argument: domain code never reads a clock of its own. */
export interface Clock {
  now(): Date;
}

/** How wrong this process is about the time, on purpose; see `shiftClock`. */
let shift: { offsetMs: number; fromMs: number } | undefined;

export const systemClock: Clock = {
  now: () => {
    const isShifted = shift !== undefined && performance.now() >= shift.fromMs;
    return new Date(Date.now() + (isShifted ? shift!.offsetMs : 0));
  },
};

export class ClockOffsetError extends Error {
  constructor(setting: string) {
    super(`CLOCK_OFFSET_MS is <ms> or <ms>:<after so many ms>, not "${setting}".`);
    this.name = 'ClockOffsetError';
  }
}

/**
 * For tests of machines that disagree about the time: `CLOCK_OFFSET_MS=<ms>` makes the system clock of this process wrong
 * by so much, `<ms>:<after>` from so long after its start on, as a clock that is set while it runs. Only where `NODE_ENV`
 * is `test`. True when it is wrong now or will be.
 */
export function shiftClock(env: Readonly<Record<string, string | undefined>>): boolean {
  shift = undefined;
  const setting = env['CLOCK_OFFSET_MS'];
  if (env['NODE_ENV'] !== 'test' || setting === undefined || setting === '') return false;
  const [, offset, after = '0'] = /^(-?\d{1,12})(?::(\d{1,9}))?$/.exec(setting) ?? [];
  if (offset === undefined) throw new ClockOffsetError(setting);
  shift = { offsetMs: Number(offset), fromMs: Number(after) === 0 ? 0 : performance.now() + Number(after) };
  return true;
}
