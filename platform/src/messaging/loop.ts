import type { Logger } from '../telemetry/telemetry.ts';

export interface Loop {
  nudge(): void;
  /** Resolves when the run in progress has ended. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  name: string;
  log: Logger;
  /** The pause after an idle run; a long one may be a quarter of a second less. */
  intervalMs: number;
  /** `busy` asks to be run again at once, a number in so many milliseconds. A failed run is logged and tried again, later and later. */
  run(): Promise<'idle' | 'busy' | number>;
}

/** The first try after a failure, however seldom the work is done otherwise, comes after at most twice this. */
const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;

/** A process that wakes up by itself pays more for that than for what most loops look for: those that rest for long wake up together. */
const TOGETHER_MS = 250;

function restOf(intervalMs: number): number {
  if (intervalMs < 4 * TOGETHER_MS) return intervalMs;
  return intervalMs - ((performance.now() + intervalMs) % TOGETHER_MS);
}

/** Work that repeats until stopped: never two runs at once, never an end because one failed. */
export function startLoop({ name, log, intervalMs, run }: LoopOptions): Loop {
  let stopped = false;
  let nudged = false;
  let wake: (() => void) | undefined;
  let failures = 0;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (stopped || (nudged && failures === 0)) return resolve();
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const finished = (async () => {
    while (!stopped) {
      nudged = false;
      try {
        const state = await run();
        failures = 0;
        if (state !== 'busy') await pause(state === 'idle' ? restOf(intervalMs) : state);
      } catch (error) {
        if (stopped) break;
        failures += 1;
        log.warn({ err: error, loop: name, failures }, 'run failed; trying again');
        await pause(Math.min(Math.min(intervalMs, BACKOFF_MS) * 2 ** Math.min(failures, 10), MAX_BACKOFF_MS));
      }
      wake = undefined;
    }
  })();

  return {
    nudge() {
      nudged = true;
      if (failures === 0) wake?.();
    },
    async stop() {
      stopped = true;
      wake?.();
      await finished;
    },
  };
}
