import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { newKey, type StoryGraph } from '../story/cast.ts';
import { type Basket, payByCard, type StartedCheckout } from '../story/purchase.ts';
import type { Person } from '../support/person.ts';

/** How a purchase came out, for good. */
export interface Purchase {
  status: 'CONFIRMED' | 'FAILED' | 'REFUSED';
  orderId?: string;
  /** Codes of the refusal. */
  codes: readonly string[];
}

/** A saga is taken up again within 30 s after a crash; the rest is for the machine. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 250;
/** "Not now": the same key again. Everything else is an answer. */
const NOT_NOW = new Set(['SERVICE_UNAVAILABLE', 'CONFLICT', 'RATE_LIMITED']);
/** A conflict that asking again does not end. */
const ORDERED = 'This cart has been ordered.';
const ENDED = new Set(['CONFIRMED', 'FAILED', 'CANCELED']);

/**
 * Starts a checkout as a good client does: with one key, asked until there is an
 * answer. A service that is busy or dies says "not now" and has promised nothing.
 */
export async function startStubbornly(
  buyer: Person,
  basket: Basket,
  patienceMs = PATIENCE_MS,
): Promise<StartedCheckout | { refused: readonly string[] }> {
  const idempotencyKey = newKey();
  return until(
    async () => {
      const { checkoutStart } = await buyer.ask(operations.CheckoutStartDocument, {
        cartId: basket.cartId,
        idempotencyKey,
      });
      const codes = checkoutStart.userErrors.map(({ code }) => String(code));
      const isOrdered = checkoutStart.userErrors.some(({ message }) => message === ORDERED);
      if (!isOrdered && codes.some((code) => NOT_NOW.has(code))) return undefined;
      if (codes.length > 0) return { refused: codes };
      const { order, paymentId, paymentClientSecret } = checkoutStart;
      return order && paymentId && paymentClientSecret
        ? { ...basket, orderId: order.id, paymentId, clientSecret: paymentClientSecret }
        : undefined;
    },
    { timeoutMs: patienceMs, intervalMs: RETRY_MS, what: 'an answer to checkoutStart' },
  );
}

/** A checkout of goods that are there for certain. */
export async function startedStubbornly(buyer: Person, basket: Basket): Promise<StartedCheckout> {
  const started = await startStubbornly(buyer, basket);
  if ('refused' in started) throw new Error(`checkoutStart was refused: ${started.refused.join(', ')}`);
  return started;
}

/**
 * Buys as a good client does while services die: every mutation has one key and is
 * asked with it until there is an answer, and the order is looked at until it has ended.
 */
export async function buyStubbornly(
  graph: StoryGraph,
  buyer: Person,
  {
    basket,
    card,
    beforePaying,
    afterPaying,
    patienceMs = PATIENCE_MS,
  }: {
    basket: Basket;
    card: string;
    beforePaying?(checkout: StartedCheckout): Promise<void>;
    /** Meanwhile the buyer goes on. */
    afterPaying?(checkout: StartedCheckout): Promise<void>;
    patienceMs?: number;
  },
): Promise<Purchase> {
  const started = await startStubbornly(buyer, basket, patienceMs);
  if ('refused' in started) return { status: 'REFUSED', codes: started.refused };

  await beforePaying?.(started);
  // The card is the provider's business: it says no by an error, and a second confirmation is refused.
  await payByCard(graph, started, card).catch(() => undefined);
  const after = afterPaying?.(started);
  // Told at the end.
  after?.catch(() => undefined);

  const completeKey = newKey();
  const status = await until(
    async () => {
      const { checkoutComplete } = await buyer.ask(operations.CheckoutCompleteDocument, {
        input: { cartId: basket.cartId, paymentId: started.paymentId, expectedTotal: basket.total },
        idempotencyKey: completeKey,
      });
      const now = checkoutComplete.order?.status ?? (await statusOf(buyer, started.orderId));
      return now !== undefined && ENDED.has(now) ? now : undefined;
    },
    { timeoutMs: patienceMs, intervalMs: RETRY_MS, what: `the end of ${started.orderId}` },
  );
  await after;
  return { status: status === 'CONFIRMED' ? 'CONFIRMED' : 'FAILED', orderId: started.orderId, codes: [] };
}

async function statusOf(buyer: Person, id: string): Promise<string | undefined> {
  const { order } = await buyer.ask(operations.OrderDetailsDocument, { id });
  return order?.status;
}
