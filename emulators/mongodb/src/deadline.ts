import { CommandError } from './errors.ts';

/** When a command must have stopped: its `maxTimeMS`, or the end of its connection. */
export interface Deadline {
  /** Throws once time is up or nobody waits any more; cheap enough to ask in every loop. */
  check(): void;
  /** Milliseconds left, Infinity without a limit. */
  leftMs(): number;
  readonly signal: AbortSignal;
}

export function startDeadline(maxTimeMs: number | undefined, signal: AbortSignal): Deadline {
  const end = maxTimeMs ? performance.now() + maxTimeMs : Infinity;
  return {
    check: () => {
      if (performance.now() > end) throw new CommandError('MaxTimeMSExpired', 'operation exceeded time limit');
    },
    leftMs: () => end - performance.now(),
    signal,
  };
}
