import { silentLog, testClock } from '@marketgraph/platform/testing';
import { aUser, until } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPayments } from '../src/subgraph.ts';
import {
  aCheckout,
  anAuthorizedPayment,
  aPart,
  ids,
  type Marketplace,
  orders,
  type Part,
  settle,
  startMarketplace,
  statusOf,
} from './marketplace.ts';
import { type Books, booksOf, refund, refundPart } from './refunds.ts';

const clock = testClock(new Date());
let shop: Marketplace;
beforeAll(async () => {
  shop = await startMarketplace({ clock, timeoutMs: 500 });
});
afterEach(() => shop.emulator.control.clearFaults());
afterAll(async () => {
  await shop?.stop();
});

const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });

async function aCapturedOrder(parts: Part[]) {
  const amount = eur(parts.reduce((sum, part) => sum + part.gross.amount, 0));
  const payment = await anAuthorizedPayment(shop, aCheckout({ amount }));
  expect(await settle(shop, { paymentId: payment.id, vendorOrders: parts })).toMatchObject({ userErrors: [] });
  return { ...payment, orderId: payment.checkout.orderId };
}

const holding: Partial<Books> = { isBalanced: true, isWhole: true };

describe('P11 a refund before the vendor is paid', () => {
  it('P11 of one vendor order in part: commission and tax are reckoned again, exactly', async () => {
    const parts = [aPart(5_000, { productTotal: eur(4_500) }), aPart(5_001)];
    const order = await aCapturedOrder(parts);
    expect(await refundPart(shop, { orderId: order.orderId, part: parts[0]!, amount: 1_234 })).toMatchObject({
      refund: { status: 'SUCCEEDED', amount: eur(1_234) },
      userErrors: [],
    });
    // 3,766 of 5,000 are left: 10 % of 4,500 × 0.7532, and 19 % of that.
    expect(await booksOf(shop, order.id)).toMatchObject({
      ...holding,
      status: 'PARTIALLY_REFUNDED',
      refunded: 1_234,
      atProvider: 1_234,
      settlements: [
        { gross: 3_766, commission: 339, tax: 64, net: 3_363, status: 'HELD' },
        { gross: 5_001, status: 'HELD' },
      ],
    });
  });

  it('P8 P11 of all of it: every settlement is REVERSED, nothing is held any more', async () => {
    const parts = [aPart(3_333), aPart(6_667)];
    const order = await aCapturedOrder(parts);
    expect(await refund(shop, { orderId: order.orderId, amount: eur(1_000), reason: 'Late' })).toMatchObject({
      refund: { parts: [{ amount: { amount: 333 } }, { amount: { amount: 667 } }] },
    });
    expect(await refund(shop, { orderId: order.orderId, reason: 'Cancelled' })).toMatchObject({
      refund: { status: 'SUCCEEDED', amount: eur(9_000) },
    });
    expect(await booksOf(shop, order.id)).toMatchObject({
      ...holding,
      status: 'REFUNDED',
      refunded: 10_000,
      atProvider: 10_000,
      held: 0,
      settlements: [
        { gross: 0, net: 0, status: 'REVERSED' },
        { gross: 0, net: 0, status: 'REVERSED' },
      ],
    });
  });

  it('44 P11 more than was captured is refused: in all, for one part, in another currency, nothing, nobody’s', async () => {
    const parts = [aPart(4_000), aPart(6_000)];
    const { orderId, id } = await aCapturedOrder(parts);
    const reason = 'Too much';
    for (const [input, code] of [
      [{ orderId, amount: eur(10_001) }, 'REFUND_EXCEEDS'],
      [{ orderId, vendorOrderId: parts[0]!.vendorOrderId, amount: eur(4_001) }, 'REFUND_EXCEEDS'],
      [{ orderId, amount: { amount: 100, currencyCode: 'USD' } }, 'INVALID'],
      [{ orderId, amount: eur(0) }, 'INVALID'],
      [{ orderId, amount: eur(-5) }, 'INVALID'],
      [{ orderId, vendorOrderId: ids.next('vor') }, 'NOT_FOUND'],
      [{ orderId: ids.next('ord') }, 'NOT_FOUND'],
    ] as const) {
      expect(await refund(shop, { reason, ...input })).toMatchObject({ refund: null, userErrors: [{ code }] });
    }
    expect(await refund(shop, { orderId, reason: ' ' })).toMatchObject({ userErrors: [{ field: ['reason'] }] });
    const { id: open, checkout } = await anAuthorizedPayment(shop);
    expect(await refund(shop, { orderId: checkout.orderId, reason })).toMatchObject({
      userErrors: [{ code: 'ILLEGAL_TRANSITION' }],
    });
    expect([await statusOf(shop, id), await statusOf(shop, open)]).toEqual(['CAPTURED', 'AUTHORIZED']);
  });

  it('44 P11 ten refunds of 3,000 at once give back 9,000 of 10,000, and not a unit more', async () => {
    const order = await aCapturedOrder([aPart(4_000), aPart(6_000)]);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refund(shop, { orderId: order.orderId, amount: eur(3_000), reason: 'Race' })),
    );
    expect(answers.filter(({ refund: made }) => made?.status === 'SUCCEEDED')).toHaveLength(3);
    expect(answers.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(
      Array.from({ length: 7 }, () => 'REFUND_EXCEEDS'),
    );
    expect(await booksOf(shop, order.id)).toMatchObject({ ...holding, refunded: 9_000, atProvider: 9_000 });
  });

  it('P2 R17 twenty calls with one key over two processes are one refund and one answer; another input is told so', async () => {
    const second = await createPayments({ config: shop.config, log: silentLog, clock });
    try {
      const twin: Marketplace = {
        ...shop,
        async run<Data>(viewer: typeof orders, query: string, variables: Record<string, unknown> = {}) {
          const { data, errors } = await second.execute({ query, variables, viewer, requestId: 'twin' });
          if (errors) throw new AggregateError(errors, errors[0]?.message);
          return JSON.parse(JSON.stringify(data)) as Data;
        },
      };
      const part = aPart(10_000);
      const { orderId, id } = await aCapturedOrder([part]);
      const key = ids.next('key');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          refundPart([shop, twin][index % 2]!, { orderId, part, amount: 2_500 }, key),
        ),
      );
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ refund: { status: 'SUCCEEDED' } });
      expect(await booksOf(shop, id)).toMatchObject({ ...holding, refunded: 2_500, atProvider: 2_500 });
      expect(await refundPart(shop, { orderId, part, amount: 2_501 }, key)).toMatchObject({
        userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
      });
    } finally {
      await second.stop();
    }
  });
});

describe('R19 P11 the provider does not tell whether it refunded', () => {
  const path = '/v1/refunds';
  it.each([
    ['the effect, and the answer is lost', { kind: 'dropConnectionAfterEffect', times: 10 }],
    ['the effect, and a 500', { kind: 'error500AfterEffect', times: 1 }],
    ['the effect, and the answer hangs', { kind: 'delayAfter', ms: 5_000, times: 10 }],
    ['500 three times, and nothing', { kind: 'error500BeforeEffect', times: 9 }],
    ['500 that the provider repeats for the key', { kind: 'error500BeforeEffect', times: 1, remembered: true }],
    ['too many requests', { kind: 'rateLimit429', times: 9 }],
  ] as const)('%s: the buyer gets it once, sooner or later', async (_, fault) => {
    const part = aPart(10_000);
    const { orderId, id } = await aCapturedOrder([part]);
    shop.emulator.control.addFault({ ...fault, match: { method: 'POST', path } });
    const asked = await refundPart(shop, { orderId, part, amount: 4_000 });
    expect(asked).toMatchObject({ refund: { amount: eur(4_000) }, userErrors: [] });
    await until(async () => {
      // Time passes; the sweep tries again under the same key, and under another only when the old one can no longer work.
      clock.advance(11 * 60_000);
      return (await booksOf(shop, id)).refunded === 4_000;
    });
    expect(await booksOf(shop, id)).toMatchObject({ ...holding, refunded: 4_000, atProvider: 4_000 });
    const [record] = shop.emulator.control
      .record({ limit: 1_000 })
      .payments.filter(({ metadata }) => metadata['paymentId'] === id);
    expect(record!.movements.filter(({ kind }) => kind === 'refund')).toHaveLength(1);
  });

  it('P11 500 three times: tried again under the same key', async () => {
    const part = aPart(10_000);
    const { orderId, id } = await aCapturedOrder([part]);
    // Two tries of ours are six requests of the SDK's.
    shop.emulator.control.addFault({ kind: 'error500BeforeEffect', times: 6, match: { method: 'POST', path } });
    expect(await refundPart(shop, { orderId, part, amount: 4_000 })).toMatchObject({ refund: { status: 'PENDING' } });
    expect(await booksOf(shop, id)).toMatchObject({ ...holding, refunded: 0, atProvider: 0, held: 10_000 });
    // What is promised cannot be promised again.
    expect(await refundPart(shop, { orderId, part, amount: 6_001 })).toMatchObject({
      userErrors: [{ code: 'REFUND_EXCEEDS' }],
    });
    await until(async () => {
      clock.advance(31_000);
      return (await booksOf(shop, id)).refunded === 4_000;
    });
    const [record] = shop.emulator.control
      .record({ limit: 1_000 })
      .payments.filter(({ metadata }) => metadata['paymentId'] === id);
    const [movement] = record!.movements.filter(({ kind }) => kind === 'refund');
    expect(movement!.idempotency_key).toMatch(/^refund:rfd_.*:0$/);
  });
});

describe('who may refund, and see it', () => {
  const REFUNDS = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Order { refunds {
    id status amount { amount } reason vendorOrder { id } parts { vendorOrder { id } amount { amount } } } } } }`;

  it('only operators, support and orders ask; buyer and the one vendor concerned see it, others do not', async () => {
    const [mine, other] = [aPart(6_000), aPart(4_000)];
    const { orderId, checkout } = await aCapturedOrder([mine, other]);
    await refundPart(shop, { orderId, part: mine, amount: 1_000 });
    const read = async (viewer: typeof orders | ReturnType<typeof aUser>) => {
      const r = [{ __typename: 'Order', id: orderId }];
      return (await shop.run<{ _entities: [{ refunds: object[] }] }>(viewer, REFUNDS, { r }))._entities[0].refunds;
    };
    const vendorOf = (part: Part) => aUser({ memberships: [{ of: part.vendorId, role: 'VENDOR_ADMIN' }] });
    const seen = [
      { status: 'SUCCEEDED', vendorOrder: { id: mine.vendorOrderId }, parts: [{ amount: { amount: 1_000 } }] },
    ];
    expect(await read(aUser({ userId: checkout.buyerId }))).toMatchObject(seen);
    expect(await read(vendorOf(mine))).toMatchObject(seen);
    expect(await read(aUser({ roles: ['SUPPORT'] }))).toMatchObject(seen);
    expect(await read(vendorOf(other))).toEqual([]);
    expect(await read(aUser())).toEqual([]);

    const create = `mutation { refundCreate(input: { orderId: "${orderId}", reason: "x" }, idempotencyKey: "0123456789abcdef") { userErrors { code } } }`;
    const internal = `mutation { vendorOrderRefund(input: { orderId: "${orderId}", vendorOrderId: "${mine.vendorOrderId}", reason: "x" }, idempotencyKey: "0123456789abcdef") { userErrors { code } } }`;
    for (const viewer of [aUser({ userId: checkout.buyerId }), vendorOf(mine)]) {
      for (const operation of [create, internal]) {
        expect((await shop.execute(viewer, operation)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
      }
    }
  });
});
