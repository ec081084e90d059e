import type { ExchangeRates } from '../domain/exchange.ts';
import { type CatalogStore, isDuplicateKey } from './catalog-store.ts';

/** A snapshot. It never changes: a price that was told with its time can be told again. */
export interface ExchangeRatesDocument extends ExchangeRates {
  _id: string;
}

/** Index `byTime`. */
export async function latestRates(store: CatalogStore, now: Date): Promise<ExchangeRates | null> {
  const [document] = await store.exchangeRates
    .find({ asOf: { $lte: now } })
    .sort({ asOf: -1 })
    .limit(1)
    .toArray();
  if (!document) return null;
  const { base, rates, asOf } = document;
  return { base, rates, asOf };
}

/** Concurrency: one snapshot per moment; whoever is second keeps what the first has stored. */
export async function keepRates(store: CatalogStore, rates: ExchangeRates): Promise<void> {
  try {
    await store.exchangeRates.insertOne({ _id: rates.asOf.toISOString(), ...rates });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}
