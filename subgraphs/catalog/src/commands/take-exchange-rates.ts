import type { ExchangeRates } from '../domain/exchange.ts';
import { keepRates, latestRates } from '../store/exchange-rates.ts';
import type { CommandDeps } from './command-deps.ts';

type Deps = Pick<CommandDeps, 'store' | 'clock' | 'rateSource'>;

const DAY_MS = 86_400_000;

/** Stores the rates of the day, once. While their source is away those of the days before stand. */
export async function takeExchangeRates(deps: Deps): Promise<'idle'> {
  const now = deps.clock.now();
  const known = await latestRates(deps.store, now);
  if (!known || now.getTime() - known.asOf.getTime() >= DAY_MS) {
    await keepRates(deps.store, await deps.rateSource.ratesOf(now));
  }
  return 'idle';
}

/** What was stored last; on a marketplace that has just begun, of now. */
export async function currentRates(deps: Deps): Promise<ExchangeRates> {
  const now = deps.clock.now();
  const known = await latestRates(deps.store, now);
  if (known) return known;
  await takeExchangeRates(deps);
  return (await latestRates(deps.store, now))!;
}
