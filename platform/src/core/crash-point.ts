/**
 * Places where a test can end this process as a power cut would: nothing is
 * flushed, nobody is told. Armed by `CRASH_AT=<point>[:<nth time>]` and only
 * where `NODE_ENV` is `test`; everywhere else a point costs one comparison.
 */
let armed: { point: string; timesLeft: number } | undefined;

export class CrashPointError extends Error {
  constructor(setting: string) {
    super(`CRASH_AT is <point> or <point>:<nth time>, not "${setting}".`);
    this.name = 'CrashPointError';
  }
}

/** Reads the setting. True when a point is armed. */
export function armCrashPoint(env: Readonly<Record<string, string | undefined>>): boolean {
  armed = undefined;
  const setting = env['CRASH_AT'];
  if (env['NODE_ENV'] !== 'test' || setting === undefined || setting === '') return false;
  const [, point, times = '1'] = /^([\w.-]+)(?::([1-9]\d{0,5}))?$/.exec(setting) ?? [];
  if (point === undefined) throw new CrashPointError(setting);
  armed = { point, timesLeft: Number(times) };
  return true;
}

export function crashPoint(point: string): void {
  if (armed === undefined || armed.point !== point) return;
  armed.timesLeft -= 1;
  if (armed.timesLeft > 0) return;
  process.kill(process.pid, 'SIGKILL');
}

/** A point before the work, `<name>.before`, and one after it, `<name>.after`. */
export async function betweenCrashPoints<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (armed === undefined) return work();
  crashPoint(`${name}.before`);
  const result = await work();
  crashPoint(`${name}.after`);
  return result;
}
