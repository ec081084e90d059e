import { randomUUID } from 'node:crypto';
import { createHistogram } from 'node:perf_hooks';
import * as operations from '@marketgraph/schema/generated/operations';
import { type DocumentNode, print } from 'graphql';
import { Pool } from 'undici';
import type { CartLoad, CartResult } from '../checkout/cart-load.ts';
import { serveParent } from '../measure/serve-parent.ts';

/**
 * Buyers who put one more of the same offer into their carts as fast as they
 * are answered. Every answer is the whole cart, and must hold exactly what was
 * put there: one that does not ends the benchmark.
 */
const TEXT = print(operations.CartLinesAddDocument as DocumentNode);

interface Cart {
  id: string;
  lines: { quantity: number }[];
}

/** Carts go on from round to round. */
const carts = new Map<string, { id: string; quantity: number }>();

async function load(options: CartLoad): Promise<CartResult> {
  const { url, tokens, offerIds, durationMs, maxAdds = Number.POSITIVE_INFINITY } = options;
  const pool = new Pool(url, { connections: tokens.length, pipelining: 1 });
  const latencies = createHistogram();
  const begin = performance.now();
  let begun = 0;
  let adds = 0;
  const add = async (token: string, offerId: string): Promise<void> => {
    const known = carts.get(token);
    const { body } = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: TEXT,
        variables: {
          input: { lines: [{ offerId, quantity: 1 }], ...(known ? { cartId: known.id } : {}) },
          idempotencyKey: randomUUID(),
        },
      }),
    });
    const text = await body.text();
    const { data } = JSON.parse(text) as { data?: { cartLinesAdd: { cart: Cart | null } } };
    const cart = data?.cartLinesAdd.cart;
    const quantity = (known?.quantity ?? 0) + 1;
    if (!cart || cart.lines.length !== 1 || cart.lines[0]!.quantity !== quantity) {
      throw new Error(`Not a cart with ${quantity} of it: ${text.slice(0, 500)}`);
    }
    carts.set(token, { id: cart.id, quantity });
  };
  const buyer = async (token: string, offerId: string): Promise<void> => {
    while (begun < maxAdds && performance.now() - begin < durationMs) {
      begun += 1;
      const at = performance.now();
      await add(token, offerId);
      latencies.record(Math.max(1, Math.round((performance.now() - at) * 1_000)));
      adds += 1;
    }
  };
  try {
    await Promise.all(tokens.map((token, index) => buyer(token, offerIds[index % offerIds.length]!)));
    return {
      adds,
      seconds: (performance.now() - begin) / 1_000,
      p50Ms: latencies.percentile(50) / 1_000,
      p99Ms: latencies.percentile(99) / 1_000,
    };
  } finally {
    await pool.close();
  }
}

serveParent({ facts: {}, answer: load as (question: never) => Promise<CartResult> });
