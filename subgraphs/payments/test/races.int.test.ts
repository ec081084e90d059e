import type { Subgraph } from '@marketgraph/platform/graphql';
import { silentLog, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPayments } from '../src/subgraph.ts';
import {
  aCheckout,
  anAuthorizedPayment,
  aPart,
  create,
  digestOf,
  ids,
  type Marketplace,
  orders,
  settle,
  startMarketplace,
  sync,
  untilStatus,
  voidPayment,
} from './marketplace.ts';

/** The service twice over one database and one provider, as two processes would be: nothing in memory is shared. */
let shop: Marketplace;
let second: Subgraph;
let twin: Marketplace;
beforeAll(async () => {
  shop = await startMarketplace();
  second = await createPayments({ config: shop.config, log: silentLog });
  await second.start();
  twin = {
    ...shop,
    async run<Data>(viewer: typeof orders, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
      const { data, errors } = await second.execute({ query, variables, viewer, requestId: 'twin' });
      if (errors) throw new AggregateError(errors, errors[0]?.message);
      return JSON.parse(JSON.stringify(data)) as Data;
    },
  };
});
afterAll(async () => {
  await second?.stop();
  await shop?.stop();
});

const copies = () => [shop, twin];
const alternating = (index: number) => copies()[index % 2]!;
const recordOf = (paymentId: string) =>
  shop.emulator.control.record({ limit: 1_000 }).payments.filter(({ metadata }) => metadata['paymentId'] === paymentId);

describe('two copies of the service', () => {
  it('P2 R17 create one payment and one intent for twenty calls with one key', async () => {
    const checkout = aCheckout();
    const key = ids.next('key');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create(alternating(index), checkout, key)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await shop.confirm(answers[0]!.clientSecret!, 'pm_card_visa');
    expect(recordOf(answers[0]!.payment!.id).filter(({ authorized }) => authorized > 0)).toHaveLength(1);
  });

  it('P2 R17 capture once for twenty calls, with one answer', async () => {
    const { id } = await anAuthorizedPayment(shop);
    const input = { paymentId: id, vendorOrders: [aPart(2_500), aPart(7_500)] };
    const key = ids.next('key');
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => settle(alternating(index), input, key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(recordOf(id)).toMatchObject([{ charges: 1, captured: 10_000 }]);
    // Two entries of the capture, two of the provider's fee.
    expect(await digestOf(shop, id)).toMatchObject({ entries: { length: 4 }, settlements: { length: 2 } });
  });

  it('R17 release a hold once for twenty calls', async () => {
    const { id } = await anAuthorizedPayment(shop);
    const key = ids.next('key');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => voidPayment(alternating(index), id, key)),
    );
    expect(answers.map(({ payment }) => payment?.status)).toEqual(answers.map(() => 'VOIDED'));
    expect(recordOf(id)).toMatchObject([{ captured: 0, released: 10_000 }]);
    const voids = await shop.sql("select 1 from payment_transaction where payment_id = ? and type = 'VOID'", [id]);
    expect(voids).toHaveLength(1);
  });

  it('settle and void at the same moment: one wins, the other is told so, and the books agree with the provider', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { id } = await anAuthorizedPayment(shop);
      const input = { paymentId: id, vendorOrders: [aPart(10_000)] };
      const [settled, voided] = await Promise.all([
        settle(alternating(round), input),
        voidPayment(alternating(round + 1), id),
      ]);
      const { payment } = await sync(shop, id);
      const [record] = recordOf(id);
      const digest = (await digestOf(shop, id)) as { entries: object[]; settlements: object[] };
      if (payment?.status === 'CAPTURED') {
        expect([settled.userErrors.length, voided.userErrors[0]?.code]).toEqual([0, 'ILLEGAL_TRANSITION']);
        expect([record!.captured, digest.entries.length, digest.settlements.length]).toEqual([10_000, 4, 1]);
      } else {
        expect(payment?.status).toBe('VOIDED');
        expect([settled.userErrors[0]?.code, voided.userErrors.length]).toEqual(['ILLEGAL_TRANSITION', 0]);
        expect([record!.captured, digest.entries.length, digest.settlements.length]).toEqual([0, 0, 0]);
      }
    }
  });

  it('tell of each change once, in the order in which it happened, however many look at the same time', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    const id = payment!.id;
    await shop.confirm(clientSecret!, 'pm_card_visa');
    await Promise.all(Array.from({ length: 10 }, (_, index) => sync(alternating(index), id)));
    await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] });
    await Promise.all(Array.from({ length: 10 }, (_, index) => sync(alternating(index), id)));
    await untilStatus(shop, id, 'CAPTURED');
    const rows = await until(async () => {
      const found = await shop.sql<{ payload: { status: string }; sequence: string; published_at: Date | null }>(
        'select payload, sequence, published_at from outbox where key = ? order by position',
        [id],
      );
      return found.every((row) => row.published_at) && found;
    });
    expect(rows.map(({ payload }) => payload.status)).toEqual(['REQUIRES_PAYMENT_METHOD', 'AUTHORIZED', 'CAPTURED']);
    const sequences = rows.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(new Set(sequences).size).toBe(3);
  });
});
