import { graphqlError } from '@marketgraph/platform/graphql';
import { type ExchangeRates, isStale } from '../domain/exchange.ts';
import { keepRates, latestRates } from '../store/exchange-rates.ts';
import type { CommandDeps } from './command-deps.ts';

type Deps = Pick<CommandDeps, 'store' | 'clock' | 'rateSource' | 'log'>;

const DAY_MS = 86_400_000;

/**
 * Stores the rates of the day, once, and resolves to those that count then. While their source is away, or still has those of a
 * day before, as on a Sunday, those that are stored stand; null when there are none.
 */
export async function takeExchangeRates(deps: Deps): Promise<ExchangeRates | null> {
  const now = deps.clock.now();
  const known = await latestRates(deps.store, now);
  if (known && now.getTime() - known.asOf.getTime() < DAY_MS) return known;
  try {
    await keepRates(deps.store, await deps.rateSource.ratesOf(now));
  } catch (error) {
    const asOf = known?.asOf.toISOString() ?? null;
    if (known && !isStale(known, now))
      deps.log.warn({ err: error, asOf }, 'no exchange rates of today; older ones stand');
    else deps.log.error({ err: error, asOf }, 'no exchange rates of the last days');
  }
  return latestRates(deps.store, now);
}

/** What was stored last; on a marketplace that has just begun, of now. */
export async function currentRates(deps: Deps): Promise<ExchangeRates> {
  const rates = (await latestRates(deps.store, deps.clock.now())) ?? (await takeExchangeRates(deps));
  if (rates) return rates;
  throw graphqlError('SUBGRAPH_UNAVAILABLE', 'There are no exchange rates at the moment.', {
    service: 'catalog',
    retryable: true,
  });
}
