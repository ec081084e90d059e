import type { Rejection } from '@marketgraph/platform/core';

/** The lines that were wanted at the price of a deal. */
type DealLines = readonly { offerId: string; dealId?: string }[];

/** By offer the deals that inventory has too few slots of. */
export function missedDeals(short: readonly Rejection[], lines: DealLines): Map<string, string> {
  const ids = new Set(short.map(({ details }) => details?.['offerId']));
  return new Map(
    lines.flatMap(({ offerId, dealId }) => (dealId && ids.has(dealId) ? [[offerId, dealId] as const] : [])),
  );
}

/**
 * Inventory's refusals as a buyer can act on them. It names a deal like an
 * offer, which it is none of. Units that are short cannot be bought at any
 * price, so they are all that is told; when slots alone are short the goods
 * are there, at another price.
 */
export function refusalsFor(short: readonly Rejection[], lines: DealLines): Rejection[] {
  const dealIds = new Set(lines.flatMap(({ dealId }) => dealId ?? []));
  const isDeal = ({ details }: Rejection) => dealIds.has(String(details?.['offerId']));
  const units = short.filter((rejection) => !isDeal(rejection));
  if (units.length > 0) return units;
  return short.map(({ details }) => {
    const available = Number(details?.['available'] ?? 0);
    const message =
      available > 0
        ? `Only ${available} are left at the price of the deal; look at the new total.`
        : 'The deal is sold out; look at the new total.';
    return { code: 'PRICE_CHANGED', message, details };
  });
}
