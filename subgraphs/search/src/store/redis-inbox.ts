import type { Inbox } from '@marketgraph/platform/messaging';
import type { Redis } from '@marketgraph/platform/redis';
import { applySteps, type Step } from './source-model.ts';

/** What the effect of one event writes; applied all at once, or not at all. */
export interface RedisTransaction {
  steps: Step[];
}

/** Longer than an event stays in the stream or among the dead letters of a busy week. */
const REMEMBER_S = 14 * 86_400;

/** An inbox whose memory and effect are one script: nothing is counted twice, and a crash leaves neither half. */
export function redisInbox(redis: Redis, onApplied: () => void): Inbox<RedisTransaction> {
  return {
    async once(consumer, eventId, effect) {
      const transaction: RedisTransaction = { steps: [] };
      await effect(transaction);
      const once = { key: `search:inbox:${consumer}:${eventId}`, ttlS: REMEMBER_S };
      const isNew = await applySteps(redis, transaction.steps, once);
      if (isNew) onApplied();
      return isNew;
    },
  };
}
