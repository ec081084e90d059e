import type { Subgraph } from '@marketgraph/platform/graphql';
import { testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOffer, onSale, operations, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';

/**
 * Two processes of the service over the same stores. The first serves the buyer
 * and is the one that breaks; the second has the sweeper that finds what it left.
 */
let h: OrdersHarness;
let sweeping: Subgraph;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders({ background: false, answerWithinMs: 150 });
  sweeping = await h.another({ answerWithinMs: 2_000 });
  await sweeping.start();
  await h.db.em.fork().execute('create table fault (checkout_status text)');
  await h.db.em.fork().execute('grant select on fault to public');
  // A sequence counts also what is rolled back.
  await h.db.em.fork().execute('create sequence fault_hits');
  await h.db.em.fork().execute('grant usage on fault_hits to public');
  await h.db.em.fork().execute(`create function break_checkout() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from fault where checkout_status = new.status) then
        perform nextval('fault_hits');
        raise exception 'the disk is full';
      end if;
      return new;
    end $$`);
  await h.db.em
    .fork()
    .execute('create trigger breaks before update of state on checkout for each row execute function break_checkout()');
});

afterAll(() => h?.stop());

type Outcome = 'paid' | 'declined' | 'capture refused' | 'stock gone';

/** What the buyer and the provider do, whatever breaks meanwhile. Every step may fail; none is tried again by the client. */
async function purchase(outcome: Outcome) {
  const offer = onSale(h, anOffer(), 5);
  const shop = shopping(h);
  const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
  await h.answer(shop.buyer, operations.start, { cartId, key: ids.next('key') });
  const open = () =>
    h.rows<{ order_id: string; payment_id: string | null }>(
      'select order_id, payment_id from checkout where cart_id = ?',
      [cartId],
    );

  // The buyer pays as soon as there is something to pay, which may be after another process has resumed.
  const payment = await until(async () => {
    const [row] = await open();
    if (row && !row.payment_id) h.clock.advance(3_000);
    return h.peers.payments.payments.find((each) => each.cartId === cartId && row?.payment_id === each.id);
  });
  if (outcome === 'declined') h.peers.payments.decline(payment.id);
  else h.peers.payments.authorize(payment.id);
  if (outcome === 'capture refused') payment.refuseCapture = 'The authorisation has expired.';
  if (outcome === 'stock gone') {
    const held = h.peers.inventory.reservations.find((each) => each.cartId === cartId);
    if (held?.status === 'ACTIVE') {
      held.status = 'EXPIRED';
      h.peers.inventory.stock(offer.id, 5);
    }
  }
  const input = { cartId, paymentId: payment.id, expectedTotal: payment.amount };
  await h.answer(shop.buyer, operations.complete, { input, key: ids.next('key') });
  return { offer, cartId, payment };
}

/** Waits for the end and tells all that can be seen of it. */
async function endOf({ offer, cartId, payment }: Awaited<ReturnType<typeof purchase>>) {
  const ended = await until(
    async () => {
      const [row] = await h.rows<{ status: string; order_id: string }>(
        'select status, order_id from checkout where cart_id = ?',
        [cartId],
      );
      if (row?.status === 'COMPLETED' || row?.status === 'FAILED') return row;
      // 30 s is what a resumed checkout may take; the steps of this clock add up to less.
      h.clock.advance(1_000);
      return undefined;
    },
    { timeoutMs: 5_000, intervalMs: 30 },
  );
  const [order] = await h.rows<{ status: string; payment_status: string; number: string | null }>(
    'select * from orders where id = ?',
    [ended.order_id],
  );
  const { cart } = await h.run<{ cart: { lines: unknown[] } | null }>(
    { kind: 'user', userId: payment.buyerId, sessionId: 's', roles: [], memberships: [] },
    'query($cartId: ID!) { cart(id: $cartId) { lines { id } } }',
    { cartId },
  );
  const told = await h.rows<{ name: string }>(
    `select name from outbox where key = ? and name in ('orders.orderConfirmed', 'orders.orderFailed')`,
    [ended.order_id],
  );
  return {
    checkout: ended.status,
    order: order?.status,
    isNumbered: order?.number !== null,
    payment: payment.status,
    captured: payment.captured.map((amount) => (amount === payment.amount.amount ? 'the total' : amount)),
    units: { sold: h.peers.inventory.sold(offer.id), held: h.peers.inventory.held(offer.id) },
    free: h.peers.inventory.free.get(offer.id),
    cartLines: cart?.lines.length,
    told: told.map((event) => event.name),
  };
}

const whole = {
  checkout: 'COMPLETED',
  order: 'CONFIRMED',
  isNumbered: true,
  payment: 'CAPTURED',
  captured: ['the total'],
  units: { sold: 2, held: 0 },
  free: 3,
  cartLines: 0,
  told: ['orders.orderConfirmed'],
};

const undone = {
  checkout: 'FAILED',
  order: 'FAILED',
  isNumbered: false,
  payment: 'VOIDED',
  captured: [],
  units: { sold: 0, held: 0 },
  free: 5,
  cartLines: 1,
  told: ['orders.orderFailed'],
};

const steps: Record<Outcome, string[]> = {
  paid: ['OrdersReserve', 'OrdersPaymentCreate', 'OrdersPaymentSync', 'OrdersConfirm', 'OrdersPaymentSettle'],
  declined: ['OrdersPaymentVoid', 'OrdersRelease'],
  'capture refused': ['OrdersRevert', 'OrdersPaymentVoid'],
  'stock gone': ['OrdersRevert', 'OrdersPaymentVoid'],
};

const calls = (Object.keys(steps) as Outcome[]).flatMap((outcome) =>
  steps[outcome].flatMap((operation) =>
    (['before', 'after'] as const).flatMap((phase) =>
      (['error', 'crash'] as const).map((fault) => ({ outcome, operation, phase, fault })),
    ),
  ),
);

describe('O7 a checkout ends whole or undone', () => {
  it.each(calls)('$outcome: $fault $phase $operation', async ({ outcome, operation, phase, fault }) => {
    let isBroken = false;
    h.peers.onCall = (call) => {
      if (isBroken || call.operation !== operation || call.phase !== phase) return undefined;
      isBroken = true;
      if (fault === 'error') throw new Error('The connection was reset.');
      // A process that died: it never goes on from here.
      return new Promise<void>(() => undefined);
    };
    const bought = await purchase(outcome);
    expect(await endOf(bought)).toEqual(outcome === 'paid' ? whole : undone);
    expect(isBroken).toBe(true);
  });

  it.each([
    ['paid', 'CREATING_PAYMENT'],
    ['paid', 'AWAITING_PAYMENT'],
    ['paid', 'CONFIRMING_STOCK'],
    ['paid', 'SETTLING'],
    ['paid', 'CLEARING_CART'],
    ['paid', 'COMPLETED'],
    ['declined', 'VOIDING'],
    ['declined', 'RELEASING'],
    ['declined', 'FAILED'],
    ['capture refused', 'REVERTING_STOCK'],
  ] as [Outcome, string][])('%s: the step to %s cannot be stored', async (outcome, status) => {
    h.peers.onCall = () => undefined;
    await h.rows('insert into fault values (?)', [status]);
    const hits = async () => {
      const [row] = await h.rows<{ n: string }>(
        'select case when is_called then last_value else 0 end as n from fault_hits',
      );
      return Number(row!.n);
    };
    const before = await hits();
    const mended = (async () => {
      await until(async () => (await hits()) > before, { timeoutMs: 5_000 });
      await h.rows('delete from fault');
    })();
    const [bought] = await Promise.all([purchase(outcome), mended]);
    expect(await endOf(bought)).toEqual(outcome === 'paid' ? whole : undone);
  });
});
