import { createHistogram } from 'node:perf_hooks';

export interface OrderLoop {
  /** One buyer each; every one has one order under way at a time, all of them at once. */
  tokens: readonly string[];
  /** Buyer n buys one of offer n, counted round. */
  offerIds: readonly string[];
  /** Ends at whichever comes first; an order that has begun is finished. */
  durationMs: number;
  maxOrders?: number;
}

export interface OrderLoopResult {
  orders: number;
  seconds: number;
  /** From the first addition to the order that is placed. */
  p50Ms: number;
  p99Ms: number;
}

/** Buyers who order as fast as they are answered. The first order that fails ends it. */
export async function orderLoop(
  { tokens, offerIds, durationMs, maxOrders = Number.POSITIVE_INFINITY }: OrderLoop,
  order: (token: string, offerId: string) => Promise<void>,
): Promise<OrderLoopResult> {
  const latencies = createHistogram();
  const begin = performance.now();
  let begun = 0;
  let orders = 0;
  const buy = async (token: string, offerId: string): Promise<void> => {
    while (begun < maxOrders && performance.now() - begin < durationMs) {
      begun += 1;
      const at = performance.now();
      await order(token, offerId);
      latencies.record(Math.max(1, Math.round((performance.now() - at) * 1_000)));
      orders += 1;
    }
  };
  await Promise.all(tokens.map((token, index) => buy(token, offerIds[index % offerIds.length]!)));
  return {
    orders,
    seconds: (performance.now() - begin) / 1_000,
    p50Ms: latencies.percentile(50) / 1_000,
    p99Ms: latencies.percentile(99) / 1_000,
  };
}
