import type { Delivery } from './bus.ts';

/** Fewer than this are no quicker together. */
const MIN_RUN = 2;

/**
 * Parts what was received into runs whose events are handled in one transaction each, one run after the other, and
 * what is handled by itself afterwards. A run has one cause, so that what follows from it can still be traced to that.
 * Events of one key are all in runs, in their order, or all apart.
 */
export function runsTogether(
  deliveries: readonly Delivery[],
  { mayJoin, maxRun }: { mayJoin(delivery: Delivery): boolean; maxRun: number },
): { runs: Delivery[][]; apart: Delivery[] } {
  const runs: Delivery[][] = [];
  const alone = new Set<string>();
  for (const delivery of deliveries) {
    // What has been handed out before may be what brought a process down: it does not take others with it.
    if (delivery.attempt > 1 || !mayJoin(delivery)) {
      alone.add(keyOf(delivery));
      continue;
    }
    const run = runs.at(-1);
    const isSameCause = run?.[0]!.envelope.trace === delivery.envelope.trace;
    if (run && isSameCause && run.length < maxRun) run.push(delivery);
    else runs.push([delivery]);
  }
  for (const run of runs) if (run.length < MIN_RUN) for (const delivery of run) alone.add(keyOf(delivery));
  return {
    runs: runs.map((run) => run.filter((delivery) => !alone.has(keyOf(delivery)))).filter((run) => run.length > 0),
    apart: deliveries.filter((delivery) => alone.has(keyOf(delivery))),
  };
}

/** What has no key is alone in its life. */
export function keyOf({ envelope, position }: Delivery): string {
  return envelope.key || position;
}
