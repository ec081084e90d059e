import type { Child } from '../measure/child.ts';
import { type CpuParts, cpuPerOperation, medianCpu } from '../measure/cpu-parts.ts';
import { median } from '../measure/statistics.ts';
import type { BuyerLoad, BuyerResult } from './buyer-load.ts';
import type { CheckoutStage } from './checkout-stage.ts';

/** So many buyers on so many offers, at once. */
export interface Crowd {
  name: string;
  buyers: number;
  offers: number;
}

export interface CheckoutRound extends BuyerResult {
  ordersPerSecond: number;
  /** CPU per order, in milliseconds, until the last event of the last order was handled. */
  cpuMs: CpuParts;
  /** What the limit is about. */
  countedMs: number;
  transactionsPerOrder: number;
}

/** One round. What an order sets off afterwards (news, mails, search) is part of its cost, so the end is when all is quiet. */
export async function checkoutRound(
  stage: CheckoutStage,
  buyers: Child,
  load: Omit<BuyerLoad, 'url' | 'stripe'>,
): Promise<CheckoutRound> {
  await stage.quiet();
  const before = await stage.read();
  const { apiUrl, publishableKey } = stage.graph.stripe;
  const result = await buyers.ask<BuyerResult>({
    ...load,
    url: stage.graph.url,
    stripe: { apiUrl, publishableKey },
  } satisfies { [Key in keyof BuyerLoad]: unknown });
  await stage.quiet();
  const after = await stage.read();
  if (result.orders === 0) throw new Error('Nobody ordered anything');
  const cpuMs = cpuPerOperation(before.cpu, after.cpu, result.orders);
  return {
    ...result,
    ordersPerSecond: result.orders / result.seconds,
    cpuMs,
    countedMs: cpuMs.node + cpuMs.postgres,
    transactionsPerOrder: (after.transactions - before.transactions) / result.orders,
  };
}

export function medianCheckout(
  rounds: readonly CheckoutRound[],
): Omit<CheckoutRound, 'orders' | 'askedAgain' | 'seconds'> {
  const of = (pick: (round: CheckoutRound) => number) => median(rounds.map(pick));
  return {
    ordersPerSecond: of((round) => round.ordersPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMs: medianCpu(rounds.map(({ cpuMs }) => cpuMs)),
    countedMs: of((round) => round.countedMs),
    transactionsPerOrder: of((round) => round.transactionsPerOrder),
  };
}
