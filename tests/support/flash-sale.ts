import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import { newKey, type StoryGraph } from '../story/cast.ts';
import { payByCard } from '../story/purchase.ts';
import { inLanes } from './lanes.ts';
import { ask } from './raw-graph.ts';

export interface FlashSale {
  graph: StoryGraph;
  offerId: string;
  /** An access token each. */
  buyers: readonly string[];
  units: number;
  /** Other gateways than the graph's own that buyers go to, by turns. */
  gateways?: readonly string[];
  /** Buyers who are at it at the same time; by default all of them. */
  inFlight?: number;
  /** `cold`: carts are filled when the sale begins. `prepared`: before. `slow`: and buyers take their time to pay. */
  mode: 'cold' | 'prepared' | 'slow';
  /** Of those who pay, every so many-th has a card that is declined. 0: none. */
  everyNthDeclined?: number;
  /** Whoever was told "sold out" asks again until everything is sold. */
  persistent?: boolean;
}

export interface FlashSaleResult {
  confirmed: number;
  declined: number;
  soldOut: number;
  /** Anything but a purchase, a declined card or "sold out", in words. */
  surprises: readonly string[];
  /** Answers with a status of 500 or more. */
  serverErrors: number;
  /** From the first thing a buyer did to "sold out", in milliseconds, sorted: filling a cart is in it when the sale is cold. */
  soldOutAfterMs: readonly number[];
  /** The same of the request that was refused. */
  refusedAfterMs: readonly number[];
  seconds: number;
}

interface Buyer {
  token: string;
  /** The gateway they go to. */
  url: string;
  cartId?: string;
  total?: { amount: number; currencyCode: string };
}

/** Carts that are filled before the sale begins are not part of it. */
const FILLED_AT_ONCE = 32;
const MAX_PAYING_MS = 1_500;
const MAX_ATTEMPTS = 200;
const ADDRESS = {
  name: 'Flash Buyer',
  line1: '7 Harbour Street',
  city: 'Hamburg',
  postalCode: '20095',
  countryCode: 'DE',
};

/** Everybody wants the same thing at the same moment. */
export async function holdFlashSale(sale: FlashSale): Promise<FlashSaleResult> {
  const urls = sale.gateways ?? [sale.graph.url];
  const people = sale.buyers.map((token, at): Buyer => ({ token, url: urls[at % urls.length]! }));
  const counts = { confirmed: 0, declined: 0, soldOut: 0, serverErrors: 0 };
  const surprises: string[] = [];
  const soldOutAfterMs: number[] = [];
  const refusedAfterMs: number[] = [];
  const graph = counting(counts);
  const fillFirst = async (buyer: Buyer): Promise<void> => {
    if ((await fill(graph, buyer, sale.offerId)) === 'sold out') throw new Error('sold out before the sale began');
  };
  if (sale.mode !== 'cold') await inLanes(people, FILLED_AT_ONCE, fillFirst);

  const begin = performance.now();
  await inLanes(people, sale.inFlight ?? people.length, async (buyer, at) => {
    try {
      const isDeclined = sale.everyNthDeclined ? at % sale.everyNthDeclined === 0 : false;
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const came = performance.now();
        let asked = came;
        let outcome: Outcome | 'filled' =
          buyer.cartId === undefined ? await fill(graph, buyer, sale.offerId) : 'filled';
        if (outcome === 'filled') {
          asked = performance.now();
          outcome = await buy(sale, graph, buyer, isDeclined);
        }
        if (outcome === 'sold out') {
          soldOutAfterMs.push(performance.now() - came);
          refusedAfterMs.push(performance.now() - asked);
        }
        if (outcome === 'sold out' && sale.persistent && !isDeclined && counts.confirmed < sale.units) {
          await pause(100 + Math.random() * 200);
          continue;
        }
        if (outcome === 'sold out') counts.soldOut += 1;
        else counts[outcome] += 1;
        return;
      }
      surprises.push('asked too often');
    } catch (error) {
      surprises.push(error instanceof Error ? error.message : String(error));
    }
  });
  return {
    ...counts,
    surprises,
    soldOutAfterMs: soldOutAfterMs.toSorted((a, b) => a - b),
    refusedAfterMs: refusedAfterMs.toSorted((a, b) => a - b),
    seconds: (performance.now() - begin) / 1_000,
  };
}

type Outcome = 'confirmed' | 'declined' | 'sold out';

type Graph = <Data>(buyer: Buyer, document: Parameters<typeof print>[0], variables: object) => Promise<Data>;

function counting(counts: { serverErrors: number }): Graph {
  return async <Data>(buyer: Buyer, document: Parameters<typeof print>[0], variables: object): Promise<Data> => {
    for (let tries = 1; ; tries += 1) {
      const answer = await ask<Data>(buyer.url, textOf(document), {
        variables: variables as Record<string, unknown>,
        token: buyer.token,
      });
      if (answer.status >= 500) counts.serverErrors += 1;
      if (answer.data !== null && answer.errors.length === 0) return answer.data;
      // A part that only decorates the answer did not come in time, or the gateway is full: asking again is fine, it says.
      const isRetryable =
        answer.status < 500 && answer.errors.every(({ extensions }) => extensions?.retryable === true);
      if (!isRetryable || tries === MAX_ATTEMPTS) {
        throw new Error(`${answer.status} ${JSON.stringify(answer.errors).slice(0, 300)}`);
      }
      await pause(100);
    }
  };
}

const texts = new Map<object, string>();

/** Printed once: thousands ask the same. */
function textOf(document: Parameters<typeof print>[0]): string {
  let text = texts.get(document);
  if (text === undefined) texts.set(document, (text = print(document)));
  return text;
}

async function fill(graph: Graph, buyer: Buyer, offerId: string): Promise<'filled' | 'sold out'> {
  const idempotencyKey = newKey();
  const begun = await patiently(async () => {
    const { cartLinesAdd } = await graph<operations.CartLinesAddMutation>(buyer, operations.CartLinesAddDocument, {
      input: { lines: [{ offerId, quantity: 1 }] },
      idempotencyKey,
    });
    return cartLinesAdd;
  });
  if (begun === 'sold out') return begun;
  const cartId = begun.id;
  const addressed = await changed(async () => {
    const input = { cartId, shipping: ADDRESS, billing: ADDRESS };
    const { cartAddressSet } = await graph<operations.CartAddressSetMutation>(
      buyer,
      operations.CartAddressSetDocument,
      { input },
    );
    return cartAddressSet;
  });
  const [group] = addressed.vendorGroups;
  const input = { cartId, vendorId: group!.vendor.id, deliveryOptionId: group!.deliveryOptions[0]!.id };
  const delivered = await changed(async () => {
    const { cartDeliverySelect } = await graph<operations.CartDeliverySelectMutation>(
      buyer,
      operations.CartDeliverySelectDocument,
      { input },
    );
    return cartDeliverySelect;
  });
  buyer.cartId = cartId;
  buyer.total = delivered.total;
  return 'filled';
}

type CartAnswer = operations.CartDeliverySelectMutation['cartDeliverySelect'];

/** A crowded shop may say "not now" of a cart as well; every change of one may be asked for again. */
async function patiently(change: () => Promise<CartAnswer>): Promise<NonNullable<CartAnswer['cart']> | 'sold out'> {
  for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
    const { cart, userErrors } = await change();
    const codes = userErrors.map(({ code }) => String(code));
    if (cart && codes.length === 0) return cart;
    if (codes.includes('INSUFFICIENT_STOCK')) return 'sold out';
    if (codes.some((code) => code !== 'SERVICE_UNAVAILABLE' && code !== 'CONFLICT')) throw new Error(codes.join());
    await pause(100);
  }
  throw new Error('a cart could not be filled');
}

/** As `patiently`, of what needs no units. */
async function changed(change: () => Promise<CartAnswer>): Promise<NonNullable<CartAnswer['cart']>> {
  const cart = await patiently(change);
  if (cart === 'sold out') throw new Error('sold out, said a change that asks for nothing');
  return cart;
}

async function buy(sale: FlashSale, graph: Graph, buyer: Buyer, isDeclined: boolean): Promise<Outcome> {
  const cartId = buyer.cartId!;
  const started = await startWithOneKey(graph, buyer, cartId);
  if (started === 'sold out') return started;
  const { orderId, paymentId, clientSecret } = started;
  if (sale.mode === 'slow') await pause(Math.random() * MAX_PAYING_MS);
  const checkout = { cartId, total: buyer.total!, orderId, paymentId, clientSecret };
  const paid = await payByCard(sale.graph, checkout, isDeclined ? 'pm_card_chargeDeclined' : 'pm_card_visa').then(
    () => true,
    () => false,
  );
  const key = newKey();
  for (let looks = 0; looks < MAX_ATTEMPTS; looks += 1) {
    const { checkoutComplete } = await graph<operations.CheckoutCompleteMutation>(
      buyer,
      operations.CheckoutCompleteDocument,
      { input: { cartId, paymentId, expectedTotal: buyer.total! }, idempotencyKey: key },
    );
    if (checkoutComplete.order?.status === 'CONFIRMED') return 'confirmed';
    const refusals = checkoutComplete.userErrors.map(({ code }) => String(code));
    if (!paid && (refusals.includes('PAYMENT_DECLINED') || checkoutComplete.order?.status === 'FAILED')) {
      return 'declined';
    }
    if (refusals.some((code) => code !== 'SERVICE_UNAVAILABLE'))
      throw new Error(`checkoutComplete: ${refusals.join()}`);
    await pause(100);
  }
  throw new Error(`${orderId} did not end`);
}

/** "Not in time, ask again with the same key" is an answer a good client expects of a crowded shop. */
async function startWithOneKey(
  graph: Graph,
  buyer: Buyer,
  cartId: string,
): Promise<'sold out' | { orderId: string; paymentId: string; clientSecret: string }> {
  const idempotencyKey = newKey();
  for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
    const { checkoutStart } = await graph<operations.CheckoutStartMutation>(buyer, operations.CheckoutStartDocument, {
      cartId,
      idempotencyKey,
    });
    const codes = checkoutStart.userErrors.map(({ code }) => String(code));
    if (codes.includes('INSUFFICIENT_STOCK')) return 'sold out';
    const { order, paymentId, paymentClientSecret } = checkoutStart;
    if (order && paymentId && paymentClientSecret) {
      return { orderId: order.id, paymentId, clientSecret: paymentClientSecret };
    }
    if (codes.some((code) => code !== 'SERVICE_UNAVAILABLE')) throw new Error(`checkoutStart: ${codes.join()}`);
    await pause(100);
  }
  throw new Error(`The checkout of ${cartId} did not begin`);
}
