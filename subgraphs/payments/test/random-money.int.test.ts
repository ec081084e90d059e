import { until } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPart, ids, type Marketplace, type Part, startMarketplace, sync } from './marketplace.ts';
import { aSoldOrder, debtOf, type Neighbours, neighboursOf } from './payouts.ts';
import { booksOf, refund, refundPart } from './refunds.ts';

const vendors = [ids.next('ven'), ids.next('ven')];
let shop: Marketplace;
let neighbours: Neighbours;
beforeAll(async () => {
  shop = await startMarketplace();
  neighbours = await neighboursOf(shop);
  await Promise.all(vendors.map((vendorId) => neighbours.onboard(vendorId)));
});
afterAll(async () => {
  await neighbours?.stop();
  await shop?.stop();
});

type Step = { do: 'refund' | 'deliver' | 'look' | 'tell again' | 'dispute' | 'decide'; part: number; amount: number };

const aStep: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('refund', 'refund', 'deliver', 'look', 'tell again', 'dispute', 'decide'),
  part: fc.integer({ min: 0, max: 2 }),
  amount: fc.integer({ min: 1, max: 4_000 }),
});

describe('P10 R32 any sequence of refunds, releases, transfers, reversals, disputes and repeated news', () => {
  it('P10 leaves the books balanced, equal to their entries and to the provider, and everything adding up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aStep, { minLength: 3, maxLength: 10 }),
        fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 50, max: 5_000 }))),
        async (steps, amounts) => {
          const parts = amounts.map((amount, index) => aPart(amount, { vendorId: vendors[index % vendors.length]! }));
          const { paymentId, orderId, intent } = await aSoldOrder(shop, parts);
          const run = async (step: Step) => {
            const part = parts[step.part];
            const amount = { amount: step.amount, currencyCode: 'EUR' };
            if (step.do === 'deliver') await deliver(part ?? parts[0]!);
            else if (step.do === 'look') await sync(shop, paymentId);
            else if (step.do === 'tell again') redeliver();
            else if (step.do === 'dispute') await dispute(intent);
            else if (step.do === 'decide') await decide(intent, step.amount % 2 ? 'lost' : 'won');
            else if (step.amount % 2) await refund(shop, { orderId, amount, reason: 'Random' });
            else await refundPart(shop, { orderId, part: part ?? parts[0]!, amount: step.amount });
          };
          // Some of them at the same time.
          for (let at = 0; at < steps.length; at += 2) await Promise.all(steps.slice(at, at + 2).map(run));
          await settled(paymentId, intent);
          await holds(paymentId, intent);
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  }, 120_000);
});

/** Told and heard: what comes of it has begun. */
async function deliver(part: Part): Promise<void> {
  await neighbours.deliver(part, new Date(Date.now() - 1_000));
  const heard = "select 1 from settlement where vendor_order_id = ? and (release_at is not null or status <> 'HELD')";
  await until(async () => (await shop.sql(heard, [part.vendorOrderId])).length > 0);
}

/** The provider sends what it has sent before. */
function redeliver(): void {
  for (const delivery of shop.emulator.control.deliveries().slice(-10)) shop.emulator.control.redeliver(delivery.event);
}

/** The buyer's bank takes what is left of the charge; a second time it changes nothing. */
async function dispute(intent: string): Promise<void> {
  const { latest_charge: charge } = await shop.desk.paymentIntents.retrieve(intent);
  const disputed = async () => (await shop.desk.disputes.list({ payment_intent: intent })).data.length > 0;
  if (await disputed()) return;
  try {
    shop.emulator.control.openDispute(String(charge));
  } catch (error) {
    // The other step of this moment was quicker.
    if (!(await disputed())) throw error;
  }
}

async function decide(intent: string, outcome: 'won' | 'lost'): Promise<void> {
  const { data } = await shop.desk.disputes.list({ payment_intent: intent });
  for (const { id } of data) shop.emulator.control.closeDispute(id, outcome);
}

/** Every dispute is heard of, as it stands. */
async function isHeard(intent: string): Promise<boolean> {
  const { data } = await shop.desk.disputes.list({ payment_intent: intent });
  const known = await shop.sql<{ reference: string; status: string }>(
    'select gateway_reference as reference, status from payment_dispute',
  );
  const words = new Map([
    ['needs_response', 'OPEN'],
    ['won', 'WON'],
    ['lost', 'LOST'],
  ]);
  return data.every(({ id, status }) => known.some((one) => one.reference === id && one.status === words.get(status)));
}

/** Nothing of it is on its way any more. */
async function settled(paymentId: string, intent: string): Promise<void> {
  await until(async () => {
    if (!(await isHeard(intent))) return false;
    const moving = await shop.sql(
      `select 1 from payment p where p.id = ? and (p.refunding_amount > 0 or exists (
         select 1 from settlement s left join provider_operation o on o.settlement_id = s.id
          where s.payment_id = p.id and (o.status = 'PENDING' or (s.open_disputes = 0 and (
             (s.status = 'RELEASABLE' and s.released_at is null) or (s.status = 'HELD' and s.release_at <= now()))))))`,
      [paymentId],
    );
    return moving.length === 0;
  });
}

async function holds(paymentId: string, intent: string): Promise<void> {
  const books = await booksOf(shop, paymentId);
  const [record] = shop.emulator.control.record({ payment_intent: intent }).payments;
  expect(books).toMatchObject({
    isBalanced: true,
    isWhole: true,
    atProvider: books.refunded - books.viaBank,
    withBanks: record!.disputed,
    onChargebacks: record!.disputed - books.viaBank,
  });
  expect(record!.transferred).toBe(books.settlements.reduce((sum, { transferred }) => sum + transferred, 0));
  expect(record!.reversed).toBe(books.settlements.reduce((sum, { reversed }) => sum + reversed, 0));
  for (const { gross, commission, tax, net, transferred, reversed } of books.settlements) {
    expect(commission + tax + net).toBe(gross);
    expect(transferred - reversed === 0 || transferred - reversed === net).toBe(true);
  }
  const wrong = await shop.sql(
    `select a.kind from ledger_account a left join ledger_entry e on e.account_id = a.id group by a.id
     having a.balance <> coalesce(sum(case when e.direction = a.normal_side then e.amount else -e.amount end), 0)
         or (a.kind in ('BUYER_FUNDS_HELD', 'VENDOR_PAYABLE', 'REFUNDS') and a.balance < 0)`,
  );
  expect(wrong).toEqual([]);
  for (const vendorId of vendors) expect(await debtOf(shop, vendorId)).toBe(0);
}
