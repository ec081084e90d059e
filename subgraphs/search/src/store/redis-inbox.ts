import type { EventEnvelope, Inbox } from '@marketgraph/platform/messaging';
import type { Redis } from '@marketgraph/platform/redis';
import { applyParts, type Step } from './source-model.ts';

/** What the effect of one event writes; applied all at once, or not at all. */
export interface RedisTransaction {
  steps: Step[];
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
  const keyOf = (consumer: string, eventId: string) => `search:inbox:${consumer}:${eventId}`;
  return {
    async once(consumer, eventId, effect) {
      const transaction: RedisTransaction = { steps: [] };
      await effect(transaction);
      return (await apply([{ key: keyOf(consumer, eventId), steps: transaction.steps }])) === 1;
    },
    // What is known already is made into steps as well, and left out by the script.
    async onceTogether(consumer, events, effect) {
      const stepsOf = async (event: EventEnvelope) => {
        const transaction: RedisTransaction = { steps: [] };
        await effect([event], transaction);
        return { key: keyOf(consumer, event.id), steps: transaction.steps };
      };
      return apply(await Promise.all(events.map(stepsOf)));
    },
  };
}
