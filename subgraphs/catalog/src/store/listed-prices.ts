import type { Logger } from '@marketgraph/platform/telemetry';
import type { Clock } from '@marketgraph/platform/core';
import type { ListedPrice } from '../domain/offer-price.ts';
import type { Audience } from '../domain/price-list.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { KeptPrices, PriceCache } from './price-cache.ts';
import { findListedPrices } from './price-lists.ts';

export interface WantedPrices {
  offerId: string;
  audiences: readonly Audience[];
}

/** What price lists say of offers: from the cache, and of the rest in one call to the store. */
export interface ListedPrices {
  /** In the order asked for. */
  find(wanted: readonly WantedPrices[]): Promise<ListedPrice[][]>;
  /** To be awaited after a change is committed and before it is answered: the next read sees the change. */
  drop(offerIds: readonly string[]): Promise<void>;
}

/** After a failure the cache is left alone for so long: a Redis that hangs costs its timeout once, not per read. */
const PAUSE_MS = 1_000;
/** What took longer to read is not kept: a generation could have come and gone meanwhile. */
const MAX_READ_MS = 10_000;

interface Missing {
  offerId: string;
  audience: Audience;
  generation: string | null;
}

export function listedPrices(deps: {
  store: CatalogStore;
  cache: PriceCache;
  clock: Clock;
  log: Logger;
}): ListedPrices {
  const { store, cache, clock, log } = deps;
  let pausedUntil = 0;
  /**
   * What is being read from the store: a crowd that misses the same price reads
   * it once. The generation is part of the key, so that nobody who comes after a
   * change is given what was read before it.
   */
  const running = new Map<string, Promise<ListedPrice[]>>();

  return {
    async find(wanted) {
      const kept = await readKept(wanted);
      const missing: Missing[] = [];
      const found = wanted.map(({ offerId, audiences }, at) =>
        audiences.map((audience, index) => {
          const known = kept?.[at]?.prices[index];
          if (known) return Promise.resolve(known);
          const one = { offerId, audience, generation: kept?.[at]?.generation ?? null };
          const reading = one.generation === null ? undefined : running.get(flightOf(one));
          if (!reading) missing.push(one);
          return reading;
        }),
      );
      const read = readMissing(missing);
      return await Promise.all(
        wanted.map(async ({ offerId, audiences }, at) => {
          const parts = audiences.map(
            (audience, index) => found[at]![index] ?? read.get(pairOf({ offerId, audience }))!,
          );
          return (await Promise.all(parts)).flat();
        }),
      );
    },

    drop: (offerIds) => cache.drop(offerIds),
  };

  /** Undefined while the cache does not answer. */
  async function readKept(wanted: readonly WantedPrices[]): Promise<KeptPrices[] | undefined> {
    if (performance.now() < pausedUntil) return undefined;
    try {
      return await Promise.all(wanted.map(({ offerId, audiences }) => cache.read(offerId, audiences)));
    } catch (error) {
      pauseCache(error);
      return undefined;
    }
  }

  /** By pair; each promise is of the one call that reads them all. */
  function readMissing(missing: readonly Missing[]): Map<string, Promise<ListedPrice[]>> {
    const pairs = new Map<string, Promise<ListedPrice[]>>();
    if (missing.length === 0) return pairs;
    const reading = readStore(missing);
    for (const one of missing) {
      const own = reading.then((byPair) => byPair.get(pairOf(one)) ?? []);
      // Whoever waits is told of a failure; that nobody may be waiting yet is no failure of its own.
      own.catch(() => undefined);
      pairs.set(pairOf(one), own);
      if (one.generation === null) continue;
      const flight = flightOf(one);
      running.set(flight, own);
      const forget = () => void running.delete(flight);
      own.then(forget, forget);
    }
    return pairs;
  }

  async function readStore(missing: readonly Missing[]): Promise<Map<string, ListedPrice[]>> {
    const startedAt = performance.now();
    const distinct = (part: (one: Missing) => string) => [...new Set(missing.map(part))];
    const wanted = { audiences: distinct((one) => one.audience), offerIds: distinct((one) => one.offerId) };
    const found = await findListedPrices(store, wanted, clock.now());
    const byPair = new Map<string, ListedPrice[]>();
    for (const { offerId, ...price } of found) {
      const pair = pairOf({ offerId, audience: price.audience });
      byPair.set(pair, [...(byPair.get(pair) ?? []), price]);
    }
    if (performance.now() - startedAt <= MAX_READ_MS) await keep(missing, byPair);
    return byPair;
  }

  async function keep(missing: readonly Missing[], byPair: ReadonlyMap<string, ListedPrice[]>): Promise<void> {
    const byOffer = Map.groupBy(
      missing.filter(({ generation }) => generation !== null),
      ({ offerId, generation }) => `${offerId} ${generation}`,
    );
    try {
      await Promise.all(
        [...byOffer.values()].map((some) => {
          const { offerId, generation } = some[0]!;
          const prices = some.map((one) => [one.audience, byPair.get(pairOf(one)) ?? []] as const);
          return cache.keep(offerId, generation!, new Map(prices));
        }),
      );
    } catch (error) {
      pauseCache(error);
    }
  }

  function pauseCache(error: unknown): void {
    pausedUntil = performance.now() + PAUSE_MS;
    log.warn({ err: error }, 'price lists are read from the store: the cache does not answer');
  }
}

function pairOf({ offerId, audience }: Pick<Missing, 'offerId' | 'audience'>): string {
  return `${offerId} ${audience}`;
}

function flightOf(one: Missing): string {
  return `${pairOf(one)} ${one.generation}`;
}
