import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import { newKey, type StoryGraph } from '../story/cast.ts';
import { payByCard } from '../story/purchase.ts';
import { ask } from '../support/raw-graph.ts';

export interface FlashSale {
  graph: StoryGraph;
  offerId: string;
  buyers: number;
  units: number;
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
  /** From asking to "sold out", in milliseconds, sorted. */
  soldOutAfterMs: readonly number[];
  seconds: number;
}

interface Buyer {
  token: string;
  cartId?: string;
  total?: { amount: number; currencyCode: string };
}

/** Registering is not part of the sale, and two cores hash passwords two at a time. */
const REGISTERED_AT_ONCE = 8;
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
  const people = await register(sale);
  const counts = { confirmed: 0, declined: 0, soldOut: 0, serverErrors: 0 };
  const surprises: string[] = [];
  const soldOutAfterMs: number[] = [];
  const graph = counting(sale.graph.url, counts);
  if (sale.mode !== 'cold') await inLanes(people, REGISTERED_AT_ONCE, (buyer) => fill(graph, buyer, sale.offerId));

  const begin = performance.now();
  await Promise.all(
    people.map(async (buyer, at) => {
      try {
        const isDeclined = sale.everyNthDeclined ? at % sale.everyNthDeclined === 0 : false;
        for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
          const asked = performance.now();
          const outcome = await buy(sale, graph, buyer, isDeclined);
          if (outcome === 'sold out') soldOutAfterMs.push(performance.now() - asked);
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
    }),
  );
  return {
    ...counts,
    surprises,
    soldOutAfterMs: soldOutAfterMs.toSorted((a, b) => a - b),
    seconds: (performance.now() - begin) / 1_000,
  };
}

type Graph = <Data>(buyer: Buyer, document: Parameters<typeof print>[0], variables: object) => Promise<Data>;

function counting(url: string, counts: { serverErrors: number }): Graph {
  return async <Data>(buyer: Buyer, document: Parameters<typeof print>[0], variables: object): Promise<Data> => {
    const answer = await ask<Data>(url, print(document), {
      variables: variables as Record<string, unknown>,
      token: buyer.token,
    });
    if (answer.status >= 500) counts.serverErrors += 1;
    if (answer.data === null || answer.errors.length > 0) {
      throw new Error(`${answer.status} ${JSON.stringify(answer.errors).slice(0, 300)}`);
    }
    return answer.data;
  };
}

async function register({ graph, buyers }: FlashSale): Promise<Buyer[]> {
  const run = newKey().slice(0, 8);
  return inLanes(
    Array.from({ length: buyers }, (_, at) => at),
    REGISTERED_AT_ONCE,
    async (at) => {
      const { data, errors } = await ask<operations.RegisterMutation>(graph.url, print(operations.RegisterDocument), {
        variables: {
          input: {
            email: `flash-${run}-${at}@sale.example`,
            password: 'a long enough secret',
            displayName: `Buyer ${at}`,
            accountType: 'BUYER',
          },
        },
      });
      const token = data?.register.session?.accessToken;
      if (!token) throw new Error(`Buyer ${at} could not register: ${JSON.stringify(errors)}`);
      return { token };
    },
  );
}

async function fill(graph: Graph, buyer: Buyer, offerId: string): Promise<void> {
  const { cartLinesAdd } = await graph<operations.CartLinesAddMutation>(buyer, operations.CartLinesAddDocument, {
    input: { lines: [{ offerId, quantity: 1 }] },
  });
  const cartId = cartLinesAdd.cart!.id;
  const { cartAddressSet } = await graph<operations.CartAddressSetMutation>(buyer, operations.CartAddressSetDocument, {
    input: { cartId, shipping: ADDRESS, billing: ADDRESS },
  });
  const [group] = cartAddressSet.cart!.vendorGroups;
  const { cartDeliverySelect } = await graph<operations.CartDeliverySelectMutation>(
    buyer,
    operations.CartDeliverySelectDocument,
    { input: { cartId, vendorId: group!.vendor.id, deliveryOptionId: group!.deliveryOptions[0]!.id } },
  );
  buyer.cartId = cartId;
  buyer.total = cartDeliverySelect.cart!.total;
}

async function buy(
  sale: FlashSale,
  graph: Graph,
  buyer: Buyer,
  isDeclined: boolean,
): Promise<'confirmed' | 'declined' | 'sold out'> {
  if (buyer.cartId === undefined) await fill(graph, buyer, sale.offerId);
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

async function inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]!);
    }),
  );
  return results;
}
