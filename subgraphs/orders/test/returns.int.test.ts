import { anonymous } from '@marketgraph/platform/graphql';
import { aUser, testIds, until } from '@marketgraph/platform/testing';
import type { ReturnChanged, VendorOrderChanged } from '@marketgraph/schema/events/orders';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fold } from '../src/domain/order.ts';
import { factsOfOrder } from '../src/store/order-history.ts';
import { lockOrder } from '../src/store/order-writes.ts';
import { aVendorMember, type OrdersHarness, startOrders } from './orders-harness.ts';
import { type ReturnAnswer, returnedGoods, returnOperations } from './returned-goods.ts';

let h: OrdersHarness;
let goods: ReturnType<typeof returnedGoods>;
const ids = testIds();
const operator = aUser({ roles: ['OPERATOR'] });

beforeAll(async () => {
  h = await startOrders();
  goods = returnedGoods(h);
});

beforeEach(() => {
  h.peers.away.clear();
  h.peers.payments.refuseRefund = undefined;
});

afterAll(() => h?.stop());

const codes = (answer: ReturnAnswer) => answer.userErrors.map(({ code }) => code);
const AT_ONCE = 20;
const times = <Value>(count: number, work: (index: number) => Promise<Value>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** What was told of a return, once its last step was. */
const told = (returnId: string, last: string) =>
  until(async () => {
    const events = (await h.events('orders.returnChanged')).filter((event) => event.key === returnId);
    const changes = events.map((event) => event.payload as ReturnChanged);
    return changes.at(-1)?.status === last && changes;
  });

describe('O23 a return', () => {
  it('goes from the request to the money, told to everybody whom it concerns', async () => {
    const bought = await goods.delivered();
    const { buyer, seller, orderId, lineId, offers, parts } = bought;
    const asked = await goods.request(buyer, {
      orderId,
      lines: [{ lineId, quantity: 1 }],
      reason: ' too small, I paid with 4242 4242 4242 4242 ',
    });
    expect(asked).toMatchObject({
      userErrors: [],
      return: {
        status: 'REQUESTED',
        reason: 'too small, I paid with ****4242',
        refundAmount: null,
        restock: null,
        lines: [{ quantity: 1, line: { id: lineId, status: 'RETURN_REQUESTED', quantityReturned: 0 } }],
      },
    });
    const { id } = asked.return!;
    expect(await goods.decide(seller, id, true, 'to our shop')).toMatchObject({
      return: { status: 'APPROVED', note: 'to our shop' },
    });
    expect(await goods.ship(buyer, id)).toMatchObject({ return: { status: 'IN_TRANSIT', trackingNumber: 'JJD0002' } });
    const received = await goods.receive(seller, id);
    const line = (await goods.sold.read(buyer, orderId))!.lines[0]!;
    expect(received).toMatchObject({ userErrors: [], return: { status: 'RECEIVED', restock: true } });
    expect(line).toMatchObject({ status: 'FULFILLED', quantityReturned: 1 });
    expect(await goods.givenBack(id)).toBe('DONE');
    // Half of 2 × 19.99 with 19 % on it; the delivery is not given back.
    const refund = { amount: Math.floor((3_998 + 760) / 2), currencyCode: 'EUR' };
    expect(goods.refundsOf(orderId)).toMatchObject([{ returnId: id, vendorOrderId: parts[0]!.id, amount: refund }]);
    expect(received.return!.refundAmount!.amount).toBe(refund.amount);
    expect(goods.free(offers[0]!.id)).toBe(99);
    expect(await goods.status(id)).toBe('RECEIVED');
    await goods.refunded(orderId, id, 'PENDING');
    await goods.refunded(orderId, id);
    await until(async () => (await goods.status(id)) === 'REFUNDED');

    expect((await told(id, 'REFUNDED')).map(({ previousStatus, status }) => [previousStatus, status])).toEqual([
      [null, 'REQUESTED'],
      ['REQUESTED', 'APPROVED'],
      ['APPROVED', 'IN_TRANSIT'],
      ['IN_TRANSIT', 'RECEIVED'],
      ['RECEIVED', 'REFUNDED'],
    ]);
    const feed = (await h.events('orders.vendorOrderChanged')).filter((event) => event.key === parts[0]!.id);
    expect(feed.map((event) => (event.payload as VendorOrderChanged).type).slice(-5)).toEqual([
      'RETURN_REQUESTED',
      ...Array.from({ length: 4 }, () => 'RETURN_UPDATED'),
    ]);
    const steps = (await h.events('orders.orderStatusChanged')).filter((event) => event.key === orderId);
    expect(steps.map((event) => event.sequence)).toEqual(steps.map((_, index) => index + 1));
    expect(feed.map((event) => event.sequence)).toEqual(feed.map((_, index) => index + 2));

    const em = h.db.em.fork();
    const stored = await em.transactional((tx) => lockOrder(tx, orderId));
    expect(fold(await factsOfOrder(em, orderId))).toEqual(stored!.order);
  });

  it('P11 of everything, one unit after the other, gives back every cent with the delivery', async () => {
    const bought = await goods.delivered();
    const { buyer, seller, orderId, offers } = bought;
    for (let unit = 0; unit < 2; unit += 1) {
      const id = await goods.approved(bought, 1);
      await goods.receive(seller, id);
      expect(await goods.givenBack(id)).toBe('DONE');
      await goods.refunded(orderId, id);
      await until(async () => (await goods.status(id)) === 'REFUNDED');
    }
    const back = goods.refundsOf(orderId).reduce((total, refund) => total + refund.amount.amount, 0);
    expect(back).toBe(bought.order.total.amount);
    expect(goods.free(offers[0]!.id)).toBe(100);
    expect(await goods.sold.read(buyer, orderId)).toMatchObject({
      fulfillmentStatus: 'RETURNED',
      lines: [{ status: 'REFUNDED', quantityReturned: 2 }],
    });
  });

  it('I16 of goods that cannot be sold again gives the money back, and no unit', async () => {
    const bought = await goods.delivered();
    const id = await goods.approved(bought, 2);
    await goods.receive(operator, id, { restock: false });
    expect(await goods.givenBack(id)).toBe('DONE');
    expect(goods.refundsOf(bought.orderId)).toHaveLength(1);
    expect(goods.free(bought.offers[0]!.id)).toBe(98);
  });

  it('is of one vendor’s goods: the other vendor neither sees nor decides it', async () => {
    const bought = await goods.delivered(2);
    const { buyer, sellers, orderId, lineIds, parts } = bought;
    const [own, other] = lineIds.map((lineId) => ({ lineId, quantity: 1 }));
    expect(codes(await goods.request(buyer, { orderId, lines: [own!, other!] }))).toEqual(['INVALID']);
    const { return: asked } = await goods.request(buyer, { orderId, lines: [own!] });
    const LOOK = `query($id: ID!, $part: ID!, $representations: [_Any!]!) {
      _entities(representations: $representations) { ... on Return { id vendorOrder { id } } }
      vendorOrder(id: $part) { returns { id } }
      order(id: $id) { events(first: 100) { edges { node { type subjectId } } } } }`;
    const representations = [{ __typename: 'Return', id: asked!.id }];
    const look = async (viewer: typeof buyer, part: string) => {
      const seen = await h.run<{
        _entities: ({ id: string } | null)[];
        vendorOrder: { returns: { id: string }[] } | null;
        order: { events: { edges: { node: { type: string; subjectId: string } }[] } } | null;
      }>(viewer, LOOK, { id: orderId, part, representations });
      const moves = seen.order?.events.edges.filter(({ node }) => node.subjectId === asked!.id) ?? [];
      return [seen._entities[0]?.id ?? null, seen.vendorOrder?.returns.length ?? null, moves.length];
    };
    expect(await look(buyer, parts[0]!.id)).toEqual([asked!.id, 1, 1]);
    expect(await look(sellers[0]!, parts[0]!.id)).toEqual([asked!.id, 1, 1]);
    expect(await look(sellers[1]!, parts[1]!.id)).toEqual([null, 0, 0]);
    expect(await look(aUser(), parts[0]!.id)).toEqual([null, null, 0]);
    for (const stranger of [sellers[1]!, aVendorMember(ids.next('ven'))]) {
      for (const answer of [
        await goods.decide(stranger, asked!.id),
        await goods.receive(stranger, asked!.id),
        await goods.cancel(stranger, asked!.id),
        await goods.ship(stranger, asked!.id),
      ]) {
        expect(answer).toMatchObject({ return: null, userErrors: [{ code: 'NOT_FOUND' }] });
      }
    }
    // Its own vendor cannot call it off or send it, and the buyer cannot approve it.
    expect(codes(await goods.cancel(sellers[0]!, asked!.id))).toEqual(['NOT_FOUND']);
    expect(codes(await goods.ship(sellers[0]!, asked!.id))).toEqual(['NOT_FOUND']);
    const decide = { input: { id: asked!.id, approve: true } };
    const { errors } = await h.answer(buyer, returnOperations.DECIDE, decide);
    expect(errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
    const { errors: nobody } = await h.answer(anonymous, returnOperations.DECIDE, decide);
    expect(nobody?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
    expect(codes(await goods.request(aUser(), { orderId, lines: [own!] }))).toEqual(['NOT_FOUND']);
    expect(await goods.status(asked!.id)).toBe('REQUESTED');
  });

  it('R23 48 is for the return window, which begins and ends by the database’s clock whatever this one says', async () => {
    const { buyer, orderId, lineId, parts } = await goods.delivered();
    const ends = (at: string) =>
      h.rows(`update vendor_order set return_window_ends_at = ${at} where id = ? returning 1`, [parts[0]!.id]);
    const request = () => goods.request(buyer, { orderId, lines: [{ lineId, quantity: 1 }] });
    await ends('now()');
    h.clock.advance(-86_400_000);
    expect(await request()).toMatchObject({ return: null, userErrors: [{ code: 'RETURN_WINDOW_CLOSED' }] });
    await ends("now() + interval '1 minute'");
    h.clock.advance(400 * 86_400_000);
    expect((await request()).userErrors).toEqual([]);
    h.clock.advance(-399 * 86_400_000);
  });

  it('48 is not for what has not arrived, nor for bad words and numbers', async () => {
    const { shop, orderId, parts } = await goods.sold.bought(1);
    const lineId = parts[0]!.lines[0]!.id;
    const lines = [{ lineId, quantity: 1 }];
    expect(codes(await goods.request(shop.buyer, { orderId, lines }))).toEqual(['ILLEGAL_TRANSITION']);
    const bought = await goods.delivered();
    const input = { orderId: bought.orderId, lines: [{ lineId: bought.lineId, quantity: 1 }] };
    for (const reason of [' ', 'x'.repeat(501)]) {
      expect(codes(await goods.request(bought.buyer, { ...input, reason }))).toEqual(['INVALID']);
    }
    for (const quantity of [0, -1, 3]) {
      const asked = { ...input, lines: [{ lineId: bought.lineId, quantity }] };
      expect(await goods.request(bought.buyer, asked)).toMatchObject({
        userErrors: [{ code: 'INVALID', field: ['lines', '0', 'quantity'] }],
      });
    }
    const { return: asked } = await goods.request(bought.buyer, input);
    expect(codes(await goods.ship(bought.buyer, asked!.id))).toEqual(['ILLEGAL_TRANSITION']);
    expect(codes(await goods.receive(bought.seller, asked!.id))).toEqual(['ILLEGAL_TRANSITION']);
    expect(codes(await goods.decide(bought.seller, asked!.id, false, 'x'.repeat(1_001)))).toEqual(['INVALID']);
    expect(codes(await goods.ship(bought.buyer, asked!.id, ' '))).toEqual(['INVALID']);
    expect(codes(await goods.ship(bought.buyer, asked!.id, 'x'.repeat(101)))).toEqual(['INVALID']);
    expect(goods.refundsOf(bought.orderId)).toEqual([]);
  });

  it('that is rejected or called off gives its units free again; what is received stays', async () => {
    const bought = await goods.delivered();
    const { buyer, seller, orderId, lineId } = bought;
    const request = () => goods.request(buyer, { orderId, lines: [{ lineId, quantity: 2 }] });
    const first = (await request()).return!.id;
    expect(await goods.decide(seller, first, false, 'worn')).toMatchObject({
      return: { status: 'REJECTED', note: 'worn' },
    });
    const second = await goods.approved(bought, 2);
    await goods.ship(buyer, second);
    expect(codes(await request())).toEqual(['INVALID']);
    expect(await goods.cancel(buyer, second)).toMatchObject({ return: { status: 'CANCELED' } });
    const third = await goods.approved(bought, 2);
    await goods.receive(seller, third);
    for (const viewer of [buyer, operator])
      expect(codes(await goods.cancel(viewer, third))).toEqual(['ILLEGAL_TRANSITION']);
    expect(await told(first, 'REJECTED')).toHaveLength(2);
    expect(await told(second, 'CANCELED')).toHaveLength(4);
  });
});

describe('R17 R18 told twice, and racing itself', () => {
  it('one key asks once, 20 times at once; another input under it is refused; a refused call does not use it up', async () => {
    const { buyer, orderId, lineId } = await goods.delivered();
    const key = ids.next('key');
    const lines = [{ lineId, quantity: 1 }];
    expect(codes(await goods.request(buyer, { orderId, lines: [{ lineId, quantity: 9 }] }, key))).toEqual(['INVALID']);
    const answers = await times(AT_ONCE, () => goods.request(buyer, { orderId, lines }, key));
    expect(answers.flatMap(codes)).toEqual([]);
    expect(new Set(answers.map((answer) => answer.return!.id)).size).toBe(1);
    expect(codes(await goods.request(buyer, { orderId, lines, reason: 'other' }, key))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
    expect(await h.rows('select 1 from order_return where order_id = ?', [orderId])).toHaveLength(1);
  });

  it('the same units are in one return, whoever asks for them at once', async () => {
    const { buyer, orderId, lineId } = await goods.delivered();
    const answers = await times(AT_ONCE, () => goods.request(buyer, { orderId, lines: [{ lineId, quantity: 1 }] }));
    expect(answers.filter((answer) => answer.return)).toHaveLength(2);
    expect(new Set(answers.flatMap(codes))).toEqual(new Set(['INVALID']));
  });

  it('is received once, with one key 20 times at once, and with as many keys', async () => {
    const bought = await goods.delivered();
    const { seller, orderId, offers } = bought;
    const first = await goods.approved(bought, 1);
    const key = ids.next('key');
    const same = await times(AT_ONCE, () => goods.receive(seller, first, { key }));
    expect(same.flatMap(codes)).toEqual([]);
    expect(new Set(same.map((answer) => answer.return!.refundAmount!.amount)).size).toBe(1);
    expect(codes(await goods.receive(seller, first, { restock: false, key }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);

    const second = await goods.approved(bought, 1);
    const others = await times(AT_ONCE, (index) => goods.receive(seller, second, { restock: index % 2 === 0 }));
    expect(others.flatMap(codes)).toEqual(Array.from({ length: AT_ONCE - 1 }, () => 'ILLEGAL_TRANSITION'));
    for (const id of [first, second]) expect(await goods.givenBack(id)).toBe('DONE');
    expect(goods.refundsOf(orderId)).toHaveLength(2);
    const restocked = others.find((answer) => answer.userErrors.length === 0)!.return!.restock;
    expect(goods.free(offers[0]!.id)).toBe(restocked ? 100 : 99);
  });

  it.each([
    ['approve', 'reject', 'REQUESTED'],
    ['approve', 'cancel', 'REQUESTED'],
    ['ship', 'cancel', 'APPROVED'],
    ['receive', 'cancel', 'APPROVED'],
    ['receive', 'ship', 'APPROVED'],
  ] as const)('%s and %s at once: in one order or the other, and never both halves', async (one, other, from) => {
    const bought = await goods.delivered();
    const { buyer, seller, orderId, lineId } = bought;
    const steps = {
      approve: (id: string) => goods.decide(seller, id),
      reject: (id: string) => goods.decide(seller, id, false),
      cancel: (id: string) => goods.cancel(buyer, id),
      ship: (id: string) => goods.ship(buyer, id),
      receive: (id: string) => goods.receive(seller, id),
    };
    for (let round = 0; round < 5; round += 1) {
      const { return: asked } = await goods.request(buyer, { orderId, lines: [{ lineId, quantity: 1 }] });
      if (!asked) break;
      const { id } = asked;
      if (from === 'APPROVED') await goods.decide(seller, id);
      const answers = await Promise.all([steps[one](id), steps[other](id)]);
      const history = await h.rows<{ from_status: string | null; to_status: string }>(
        'select from_status, to_status from order_history where subject_id = ? order by sequence',
        [id],
      );
      // The history is one path, and as many of the two had an effect as it says.
      for (const [index, step] of history.entries())
        expect(step.from_status).toBe(history[index - 1]?.to_status ?? null);
      const before = from === 'APPROVED' ? 2 : 1;
      expect(history.length - before).toBe(answers.filter((answer) => answer.userErrors.length === 0).length);
      expect(history.length).toBeGreaterThan(before);
      const isReceived = history.some((step) => step.to_status === 'RECEIVED');
      expect(await h.rows('select 1 from give_back where return_id = ?', [id])).toHaveLength(isReceived ? 1 : 0);
      if (!isReceived && !['CANCELED', 'REJECTED'].includes(history.at(-1)!.to_status)) await goods.cancel(buyer, id);
    }
  });
});
