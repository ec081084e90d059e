import { inRounds, isOutage } from '@marketgraph/platform/core';
import type { Database } from '@marketgraph/platform/postgres';
import { keepEvents, type NewEvent } from '../store/webhook-inbox.ts';

/** Resolves when the event is kept, to whether it was not here yet. Too many at once are refused: the provider sends them again. */
export type EventKeeping = (event: NewEvent) => Promise<boolean>;

/** Of one statement. */
const MAX_EVENTS = 100;
/** Some seconds' worth. */
const MAX_WAITING = 2_000;
const LANES = 2;

/** Of one process: a payment is told by several events at once, and those that come together are kept together. */
export function eventKeeping({ orm }: { orm: Database }): EventKeeping {
  const keepTogether = async (events: readonly NewEvent[]): Promise<PromiseSettledResult<boolean>[]> => {
    const fresh = await keepEvents(orm.em.fork(), events);
    return events.map(({ eventId }) => ({ status: 'fulfilled', value: fresh.delete(eventId) }));
  };
  return inRounds<NewEvent, boolean>({
    ...{ maxItems: MAX_EVENTS, maxWaiting: MAX_WAITING, lanes: LANES },
    async decide(events) {
      try {
        return await keepTogether(events);
      } catch (error) {
        if (events.length === 1 || isOutage(error)) throw error;
      }
      // One that cannot be kept fails alone.
      const alone: PromiseSettledResult<boolean>[] = [];
      for (const event of events) {
        alone.push(
          ...(await keepTogether([event]).catch((reason: unknown) => [{ status: 'rejected' as const, reason }])),
        );
      }
      return alone;
    },
  });
}
