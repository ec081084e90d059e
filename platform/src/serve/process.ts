import { shiftClock } from '../core/clock.ts';
import { armCrashPoint } from '../core/crash-point.ts';
import type { Logger } from '../telemetry/telemetry.ts';

/** How long a process may take to end what it has begun before it ends itself. */
const STOP_LIMIT_MS = 15_000;
const PARENT_CHECK_MS = 500;

/**
 * Runs `start` and, on SIGTERM or SIGINT, the stop it resolves to: once, bounded, with
 * the exit code that says how it went. With `EXIT_WITH_PARENT=1` the end of the
 * process that started this one counts as a signal.
 */
export async function runProcess(log: Logger, start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  if (armCrashPoint(process.env)) log.warn({ at: process.env['CRASH_AT'] }, 'will crash on purpose');
  if (shiftClock(process.env)) log.warn({ offset: process.env['CLOCK_OFFSET_MS'] }, 'tells a wrong time on purpose');
  const started = start();
  let ending = false;
  const end = (why: string) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'stopping');
    const limit = setTimeout(() => {
      log.error('did not stop in time');
      process.exit(1);
    }, STOP_LIMIT_MS);
    limit.unref();
    started
      .then((running) => running.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  if (process.env['EXIT_WITH_PARENT'] === '1') {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && end('parent is gone'), PARENT_CHECK_MS).unref();
  }
  try {
    await started;
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    process.exitCode = 1;
    setImmediate(() => process.exit(1));
  }
}
