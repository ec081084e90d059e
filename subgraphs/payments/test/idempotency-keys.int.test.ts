import type { Viewer } from '@marketgraph/platform/graphql';
import { aUser, until } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  anAuthorizedPayment,
  aPart,
  create,
  ids,
  type Marketplace,
  operator,
  orders,
  startMarketplace,
} from './marketplace.ts';
import { aSoldOrder, type Neighbours, neighboursOf, settlementOf } from './payouts.ts';

let shop: Marketplace;
let neighbours: Neighbours;
beforeAll(async () => {
  // Nothing is released by itself here: whose key it is would not matter then.
  shop = await startMarketplace({ config: { reconcileIntervalMs: 600_000 } });
  neighbours = await neighboursOf(shop);
});
afterEach(() => shop.emulator.control.clearFaults());
afterAll(async () => {
  await neighbours?.stop();
  await shop?.stop();
});

const ERRORS = 'userErrors { code field }';
const PAYMENT = 'payment { id capturedAmount { amount } }';
const REFUND = 'refund { id amount { amount } }';
const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });

/** One mutation that takes a key, with everything ready for it to succeed once. */
interface Keyed {
  name: string;
  query: string;
  /** Who may also ask, and must not meet the first one's key. */
  other: () => Viewer;
  prepare(): Promise<{ viewer: Viewer; variables: Record<string, unknown>; another: Record<string, unknown> }>;
}

const anotherOperator = () => aUser({ roles: ['OPERATOR'] });
const withInput = (name: string, type: string, selection: string) =>
  `mutation($input: ${type}!, $key: IdempotencyKey!) { answer: ${name}(input: $input, idempotencyKey: $key) { ${selection} ${ERRORS} } }`;

const mutations: Keyed[] = [
  {
    name: 'paymentCreate',
    query: withInput('paymentCreate', 'PaymentCreateInput', `${PAYMENT} clientSecret`),
    other: () => ({ kind: 'service', service: 'orders' }),
    prepare: async () => ({ viewer: orders, variables: { input: aCheckout() }, another: { input: aCheckout() } }),
  },
  {
    name: 'paymentSessionCreate',
    query: withInput('paymentSessionCreate', 'PaymentSessionInput', `${PAYMENT} clientSecret`),
    other: () => aUser(),
    async prepare() {
      const checkout = aCheckout();
      await create(shop, checkout);
      const { cartId, amount } = checkout;
      return {
        viewer: aUser({ userId: checkout.buyerId }),
        variables: { input: { cartId, amount, methodKind: 'CARD' } },
        another: { input: { cartId: ids.next('crt'), amount, methodKind: 'CARD' } },
      };
    },
  },
  {
    name: 'paymentCapture',
    query: withInput('paymentCapture', 'PaymentCaptureInput', PAYMENT),
    other: anotherOperator,
    async prepare() {
      const { id: paymentId } = await anAuthorizedPayment(shop);
      const input = { paymentId, amount: eur(4_000) };
      return { viewer: operator, variables: { input }, another: { input: { paymentId, amount: eur(4_001) } } };
    },
  },
  {
    name: 'paymentVoid',
    query: `mutation($id: ID!, $key: IdempotencyKey!) { answer: paymentVoid(id: $id, idempotencyKey: $key) { ${PAYMENT} ${ERRORS} } }`,
    other: anotherOperator,
    async prepare() {
      const [{ id }, { id: another }] = [await anAuthorizedPayment(shop), await anAuthorizedPayment(shop)];
      return { viewer: operator, variables: { id }, another: { id: another } };
    },
  },
  {
    name: 'paymentSettle',
    query: withInput('paymentSettle', 'PaymentSettleInput', PAYMENT),
    other: () => ({ kind: 'service', service: 'orders' }),
    async prepare() {
      const { id: paymentId } = await anAuthorizedPayment(shop);
      const input = { paymentId, vendorOrders: [aPart(10_000)] };
      return { viewer: orders, variables: { input }, another: { input: { paymentId, vendorOrders: [aPart(9_999)] } } };
    },
  },
  {
    name: 'refundCreate',
    query: withInput('refundCreate', 'RefundCreateInput', REFUND),
    other: anotherOperator,
    async prepare() {
      const { orderId } = await aSoldOrder(shop, [aPart(10_000)]);
      const input = { orderId, amount: eur(2_000), reason: 'Late' };
      return { viewer: operator, variables: { input }, another: { input: { ...input, amount: eur(2_001) } } };
    },
  },
  {
    name: 'vendorOrderRefund',
    query: withInput('vendorOrderRefund', 'VendorOrderRefundInput', REFUND),
    other: () => ({ kind: 'service', service: 'orders' }),
    async prepare() {
      const part = aPart(10_000);
      const { orderId } = await aSoldOrder(shop, [part]);
      const input = { orderId, vendorOrderId: part.vendorOrderId, amount: eur(2_000), reason: 'Late' };
      return { viewer: orders, variables: { input }, another: { input: { ...input, amount: eur(2_001) } } };
    },
  },
  {
    name: 'payoutRelease',
    query: withInput('payoutRelease', 'PayoutReleaseInput', 'payout { id amount { amount } }'),
    other: anotherOperator,
    async prepare() {
      const vendorId = ids.next('ven');
      await neighbours.onboard(vendorId);
      const part = aPart(10_000, { vendorId });
      await aSoldOrder(shop, [part]);
      await neighbours.deliver(part, new Date(Date.now() - 1_000));
      await until(async () => {
        const due = 'select 1 from settlement where vendor_order_id = ? and release_at <= now()';
        return (await shop.sql(due, [part.vendorOrderId])).length > 0;
      });
      const { id } = await settlementOf(shop, part);
      return {
        viewer: operator,
        variables: { input: { vendorId, settlementIds: [id] } },
        another: { input: { vendorId: ids.next('ven') } },
      };
    },
  },
];

interface Answer {
  userErrors: { code: string }[];
}

async function ask(keyed: Keyed, viewer: Viewer, variables: Record<string, unknown>): Promise<Answer> {
  return (await shop.run<{ answer: Answer }>(viewer, keyed.query, variables)).answer;
}

/** What the provider has moved so far. */
const movements = () => shop.emulator.control.journal({ limit: 1_000 }).length;
const codeOf = async (keyed: Keyed, viewer: Viewer, variables: Record<string, unknown>) =>
  (await shop.execute(viewer, keyed.query, variables)).errors?.[0]?.extensions['code'];

describe.each(mutations.map((keyed) => [keyed.name, keyed] as const))('a key of %s', (_, keyed) => {
  it('R17 20 times at once and 5 times after, with answers of the provider lost: one effect, one answer', async () => {
    const { viewer, variables } = await keyed.prepare();
    const key = ids.next('key');
    shop.emulator.control.addFault({ kind: 'dropConnectionAfterEffect', match: { method: 'POST' }, times: 2 });
    const before = movements();
    const parallel = await Promise.all(Array.from({ length: 20 }, () => ask(keyed, viewer, { ...variables, key })));
    shop.emulator.control.clearFaults();
    const after = movements();
    expect(after - before).toBeLessThanOrEqual(2);
    const later: Answer[] = [];
    for (let time = 0; time < 5; time += 1) later.push(await ask(keyed, viewer, { ...variables, key }));
    expect(new Set([...parallel, ...later].map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(movements()).toBe(after);
    expect(later[0]!.userErrors).toEqual([]);
  });

  it('R18 row 49 with another input it is IDEMPOTENCY_KEY_REUSED; after a day it is a new request', async () => {
    const { viewer, variables, another } = await keyed.prepare();
    const key = ids.next('key');
    expect(await ask(keyed, viewer, { ...variables, key })).toMatchObject({ userErrors: [] });
    const reused = { userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }] };
    expect(await ask(keyed, viewer, { ...another, key })).toMatchObject(reused);
    await shop.sql("update idempotency set created_at = created_at - interval '25 hours' where key = ?", [key]);
    const again = await ask(keyed, viewer, { ...another, key });
    expect(again.userErrors.map(({ code }) => code)).not.toContain('IDEMPOTENCY_KEY_REUSED');
  });

  it('R18 of somebody else it is another key, and tells nothing of the first answer', async () => {
    const { viewer, variables, another } = await keyed.prepare();
    const key = ids.next('key');
    await ask(keyed, viewer, { ...variables, key });
    const other = keyed.other();
    // Two calls of one service are the same principal: for those there is nobody else.
    if (other.kind === 'service') return expect(other).toEqual(viewer);
    const { userErrors } = await ask(keyed, other, { ...another, key });
    expect(userErrors.map(({ code }) => code)).not.toContain('IDEMPOTENCY_KEY_REUSED');
  });

  it('R18 that is empty, or has 256 characters, is BAD_USER_INPUT', async () => {
    const { viewer, variables } = await keyed.prepare();
    for (const key of ['', 'k'.repeat(256)]) {
      expect(await codeOf(keyed, viewer, { ...variables, key })).toBe('BAD_USER_INPUT');
    }
    expect(await ask(keyed, viewer, { ...variables, key: 'k'.repeat(255) })).toMatchObject({ userErrors: [] });
  });
});
