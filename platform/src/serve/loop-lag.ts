/** How late a process is with its work, in milliseconds, told by work that comes in. */
export interface LoopLag {
  /** Something has come in: looks how long the event loop takes to come round from here. Costs nothing to speak of. */
  look(): void;
  /** Of the last look; 0 when nothing has come in for a second. */
  ms(): number;
}

const STALE_MS = 1_000;

/** A timer would have to be awake all the time to see a crowd that comes in one moment. */
export function loopLag(
  now: () => number = () => performance.now(),
  next: (run: () => void) => void = setImmediate,
): LoopLag {
  let isLooking = false;
  let tookMs = 0;
  let seenAt = -Infinity;
  return {
    look() {
      if (isLooking) return;
      isLooking = true;
      const begin = now();
      next(() => {
        isLooking = false;
        seenAt = now();
        tookMs = seenAt - begin;
      });
    },
    ms: () => (now() - seenAt < STALE_MS ? tookMs : 0),
  };
}
