import { setTimeout as pause } from 'node:timers/promises';
import type { TestMarketplace } from '../support/marketplace.ts';
import type { Kill } from './kill-plan.ts';

export interface Killer {
  /** How many have been ended so far. */
  readonly killed: number;
  /** Ends no more, and resolves when everybody is back. */
  stop(): Promise<void>;
  /** Resolves when the plan is through and everybody is back. */
  readonly done: Promise<void>;
}

/** Ends processes by a plan and brings each back after its time. One that is not back yet is ended as soon as it is. */
export function startKiller(
  { processes }: TestMarketplace,
  plan: readonly Kill[],
  { restartWith = {} }: { restartWith?: Readonly<Record<string, Record<string, string>>> } = {},
): Killer {
  const begun = performance.now();
  const inHand = new Map<string, Promise<void>>();
  const state = { killed: 0, stopped: false };
  const work = async ({ victim, downMs }: Kill): Promise<void> => {
    const process = processes!.services.get(victim)!;
    await process.kill();
    state.killed += 1;
    await pause(downMs);
    await process.restart(restartWith[victim]);
  };
  const run = async () => {
    for (const kill of plan) {
      while (!state.stopped && performance.now() - begun < kill.atMs) await pause(20);
      if (state.stopped) break;
      const before = inHand.get(kill.victim) ?? Promise.resolve();
      const next = before.then(() => (state.stopped ? undefined : work(kill)));
      // Who waits for it meets the failure; until then it is nobody's.
      next.catch(() => undefined);
      inHand.set(kill.victim, next);
    }
    // All of them, also when one does not come back: nothing may start when the marketplace is being put away.
    const outcomes = await Promise.allSettled(inHand.values());
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const done = run();
  done.catch(() => undefined);
  return {
    get killed() {
      return state.killed;
    },
    done,
    async stop() {
      state.stopped = true;
      await done;
    },
  };
}
