const POSITION = /^(\d{1,19})-(\d{1,19})$/;

/** Before every event. */
export const ORIGIN = '0-0';

export function isPosition(text: string): boolean {
  return POSITION.test(text);
}

/** Negative when `a` comes before `b`. */
export function comparePositions(a: string, b: string): number {
  const [aTime, aSequence] = partsOf(a);
  const [bTime, bSequence] = partsOf(b);
  if (aTime !== bTime) return aTime < bTime ? -1 : 1;
  if (aSequence === bSequence) return 0;
  return aSequence < bSequence ? -1 : 1;
}

/** A position right before this one, so that reading after it begins with this one. */
export function justBefore(position: string): string {
  const [time, sequence] = partsOf(position);
  if (sequence > 0n) return `${time}-${sequence - 1n}`;
  return time > 0n ? `${time - 1n}-${2n ** 63n - 1n}` : ORIGIN;
}

/** The position of an event that much older, by the log's clock. */
export function earlierBy(position: string, ms: number): string {
  const [time] = partsOf(position);
  const earlier = time - BigInt(ms);
  return earlier > 0n ? `${earlier}-0` : ORIGIN;
}

function partsOf(position: string): [time: bigint, sequence: bigint] {
  const match = POSITION.exec(position);
  if (!match) throw new TypeError(`Not a position: ${position.slice(0, 50)}`);
  return [BigInt(match[1]!), BigInt(match[2]!)];
}
