import { testClock, until } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aPart, ids, type Marketplace, startMarketplace } from './marketplace.ts';
import { aSoldOrder, type Neighbours, neighboursOf, releasePayout, settlementOf } from './payouts.ts';

/** Time passes here, faster than the provider's signatures live: vendors are ready before it does. */
const clock = testClock(new Date());
const vendors = Array.from({ length: 5 }, () => ids.next('ven'));
let shop: Marketplace;
let neighbours: Neighbours;
beforeAll(async () => {
  shop = await startMarketplace({ clock, timeoutMs: 500 });
  neighbours = await neighboursOf(shop);
  await Promise.all(vendors.map((vendorId) => neighbours.onboard(vendorId)));
});
afterEach(() => shop.emulator.control.clearFaults());
afterAll(async () => {
  await neighbours?.stop();
  await shop?.stop();
});

const past = () => new Date(Date.now() - 1_000);
const recordOf = (intent: string) => shop.emulator.control.record({ payment_intent: intent }).payments[0]!;

describe('R19 R37 the provider does not tell whether it transferred', () => {
  it.each([
    ['the effect, and the answer is lost', { kind: 'dropConnectionAfterEffect', times: 10 }],
    ['the effect, and a 500', { kind: 'error500AfterEffect', times: 1 }],
    ['500 three times', { kind: 'error500BeforeEffect', times: 3 }],
  ] as const)('%s: the vendor gets it once', async (_, fault) => {
    const vendorId = vendors.pop()!;
    shop.emulator.control.addFault({ ...fault, match: { method: 'POST', path: '/v1/transfers' } });
    const part = aPart(10_000, { vendorId });
    const { intent } = await aSoldOrder(shop, [part]);
    await neighbours.deliver(part, past());
    await until(async () => {
      clock.advance(31_000);
      return (await settlementOf(shop, part)).status === 'RELEASED';
    });
    const transfers = recordOf(intent).movements.filter(({ kind }) => kind === 'transfer');
    expect(transfers).toMatchObject([{ amount: 8_810, idempotency_key: expect.stringMatching(/:0$/) }]);
  });

  it('R37 a vendor whose account is stopped before its money leaves keeps it, with the reason, and gets it once the account is back', async () => {
    const vendorId = vendors.pop()!;
    const [account] = await shop.sql<{ reference: string }>(
      'select provider_reference as reference from payout_account where vendor_id = ?',
      [vendorId],
    );
    // The provider stops it and we have not heard: the transfer itself is refused.
    const part = aPart(10_000, { vendorId });
    const { intent } = await aSoldOrder(shop, [part]);
    shop.emulator.control.restrict(account!.reference, 'under_review');
    await neighbours.deliver(part, past());
    const waiting = await until(async () => {
      const now = await settlementOf(shop, part);
      return now.status === 'RELEASABLE' && now.problem !== null && now;
    });
    expect(waiting.transferred).toBe(0);
    expect(recordOf(intent).transferred).toBe(0);
    shop.emulator.control.restrict(account!.reference, null);
    await until(async () => {
      clock.advance(600_000);
      return (await settlementOf(shop, part)).status === 'RELEASED';
    });
    expect(recordOf(intent).movements.filter(({ kind }) => kind === 'transfer')).toHaveLength(1);
  });

  it('R37 a transfer that keeps failing is held with the payout FAILED, and an operator has it tried again', async () => {
    const vendorId = vendors.pop()!;
    shop.emulator.control.addFault({
      kind: 'error500BeforeEffect',
      times: 1_000,
      match: { method: 'POST', path: '/v1/transfers' },
    });
    const part = aPart(10_000, { vendorId });
    const { intent } = await aSoldOrder(shop, [part]);
    await neighbours.deliver(part, past());
    const failed = await until(
      async () => {
        clock.advance(600_000);
        const [row] = await shop.sql<{ status: string; reason: string | null }>(
          'select status, failure_reason as reason from payout where vendor_id = ?',
          [vendorId],
        );
        return row?.status === 'FAILED' && row;
      },
      { timeoutMs: 30_000 },
    );
    expect(failed.reason).toBe('The provider does not answer.');
    expect(await settlementOf(shop, part)).toMatchObject({
      status: 'RELEASABLE',
      problem: failed.reason,
      transferred: 0,
    });
    shop.emulator.control.clearFaults();
    const { id } = await settlementOf(shop, part);
    expect(await releasePayout(shop, { vendorId, settlementIds: [id] })).toMatchObject({
      payout: { status: 'PAID', failureReason: null, settlements: [{ id, status: 'RELEASED' }] },
      userErrors: [],
    });
    expect(recordOf(intent).transferred).toBe(8_810);
  }, 60_000);
});
