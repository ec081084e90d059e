import { createRedisBus, type EventBus, type EventEnvelope } from '@marketgraph/platform/messaging';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { offerChanged } from '@marketgraph/schema/events/catalog';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Harness, ids, startHarness } from './harness.ts';

let harness: Harness;
let bus: EventBus;
beforeAll(async () => {
  harness = await startHarness();
  // The catalog's own, which publishes where inventory may only read.
  bus = await createRedisBus({ url: harness.stores.redis.admin, log });
});
afterAll(async () => {
  await bus?.close();
  await harness?.stop();
});

function told(offerId: string, sequence: number, sku: string): EventEnvelope {
  const { name, version, sample } = offerChanged;
  const envelope = { id: ids.next('evt'), name, version, occurredAt: new Date().toISOString(), key: offerId, sequence };
  return { ...envelope, payload: { ...sample, offerId, sku } };
}

const skusOf = async (offerIds: readonly string[]): Promise<string[]> => {
  const rows = await harness.db.em
    .fork()
    .execute<{ id: string; sku: string }[]>('select offer_id as id, sku from offer where offer_id in (?)', [
      [...offerIds],
    ]);
  const skus = new Map(rows.map(({ id, sku }) => [id, sku]));
  return offerIds.flatMap((id) => skus.get(id) ?? []);
};

it('C17 learns of a whole feed: each offer once and as it was told last, but for one event that nobody can read', async () => {
  const offerIds = Array.from({ length: 450 }, () => ids.next('off'));
  const crowd = offerIds.map((id, at) => told(id, 1, `SKU-${at}`));
  const [first, second] = offerIds as [string, string];
  const unreadable = { ...told(ids.next('off'), 1, 'NONE'), payload: null };
  crowd.splice(200, 0, unreadable);
  // Twice in one crowd, the older one later; and what has been told before.
  await bus.publish('catalog', [...crowd, told(first, 3, 'NEW'), told(first, 2, 'OLD'), ...crowd.slice(0, 50)]);
  await bus.publish('catalog', [told(second, 2, 'LAST')]);

  await until(async () => (await skusOf([second]))[0] === 'LAST', { what: 'the last event' });
  await until(async () => (await bus.deadLetterCount('inventory')) > 0, { what: 'what was given up' });
  expect(await skusOf(offerIds)).toEqual(['NEW', 'LAST', ...offerIds.slice(2).map((_, at) => `SKU-${at + 2}`)]);
  const letters = await bus.deadLetters('inventory', 10);
  expect(letters.map(({ envelope }) => envelope.id)).toEqual([unreadable.id]);
});
