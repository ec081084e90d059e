import type { Inbox } from '@marketgraph/platform/messaging';
import type { Redis } from '@marketgraph/platform/redis';
import { eventSeenStep } from './index-status.ts';
import { applyParts, type Step } from './source-model.ts';

/** What the effect of one event writes, or of several; applied all at once, or not at all. */
export interface RedisTransaction {
  steps: Step[];
  /** When the newest of the events occurred; empty before the first. */
  seenAt: string;
}

/** Longer than an event stays in the stream or among the dead letters of a busy week. */
const REMEMBER_S = 14 * 86_400;

/** An inbox whose memory and effect are one script: nothing is counted twice, and a crash leaves neither half. */
export function redisInbox(redis: Redis, onApplied: () => void): Inbox<RedisTransaction> {
  const apply = async (parts: readonly { key: string; steps: readonly Step[] }[]): Promise<number> => {
    const applied = await applyParts(redis, parts, { ttlS: REMEMBER_S });
    if (applied > 0) onApplied();
    return applied;
  };
  const partOf = async (key: string, effect: (transaction: RedisTransaction) => Promise<void>) => {
    const transaction: RedisTransaction = { steps: [], seenAt: '' };
    await effect(transaction);
    return { key, steps: [...transaction.steps, eventSeenStep(transaction.seenAt)] };
  };
  const keyOf = (consumer: string, eventId: string) => `search:inbox:${consumer}:${eventId}`;
  return {
    async once(consumer, eventId, effect) {
      return (await apply([await partOf(keyOf(consumer, eventId), effect)])) === 1;
    },
    // What is known already is made into steps as well, and left out by the script.
    async onceTogether(consumer, events, effect) {
      const parts = events.map((event) =>
        partOf(keyOf(consumer, event.id), (transaction) => effect([event], transaction)),
      );
      return apply(await Promise.all(parts));
    },
    async repeatable(effect) {
      await apply([await partOf('', effect)]);
    },
  };
}
