import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { silentLog as log } from '@marketgraph/platform/testing';
import { stockChanged } from '@marketgraph/schema/events/inventory';
import { ulid } from 'ulid';

/** Stock of offers that changes, as inventory tells of it: one event at a time, through Redis. */
export interface StockEvents {
  /** Event `number` of that offer. */
  publish(offerId: string, number: number): Promise<void>;
  close(): Promise<void>;
}

export async function stockEvents(redisUrl: string): Promise<StockEvents> {
  const bus: EventBus = await createRedisBus({ url: redisUrl, log });
  return {
    async publish(offerId, number) {
      await bus.publish('inventory', [
        {
          id: `evt_${ulid()}`,
          name: stockChanged.name,
          version: stockChanged.version,
          occurredAt: new Date().toISOString(),
          key: offerId,
          sequence: number,
          topics: [`stockChanged:${offerId}`],
          payload: { ...stockChanged.sample, offerId, previousAvailable: number - 1, available: number },
        },
      ]);
    },
    close: () => bus.close(),
  };
}
