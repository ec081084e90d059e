import { betweenCrashPoints, inRounds, isOutage } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager, inTransaction, sqlStateOf } from '@marketgraph/platform/postgres';
import { activeTraceparent, keepContext, tracedPart } from '@marketgraph/platform/tracing';
import { lockStock } from '../store/locked-stock.ts';
import { writeStock } from '../store/stock-writes.ts';
import { stockWritesOf, tellCounter, unlessStale } from './change-stock.ts';
import type { CommandParts } from './deps.ts';
import { Round, type StockRequest } from './round.ts';
import { unlessFull } from './unless-full.ts';

export interface StockRounds {
  /** Resolves when it is decided, written and the counter in front knows. Too many at once are refused, retryably. */
  ask<Answer>(request: StockRequest<Answer>): Promise<Answer>;
}

/**
 * What one round locks, others wait for; what it writes is one statement. In a crowd of 64 some are decided while others are
 * written: one round for all of them leaves the server idle half of the time.
 */
const MAX_REQUESTS = 40;
/** As many as one request may have. */
const MAX_OFFERS = 500;
/** About a second's worth: who comes then is better told at once. */
const MAX_WAITING = 2_000;
const LANES = 4;

interface Asked {
  request: StockRequest<unknown>;
  /** Runs in the trace of whoever asked. */
  within: <T>(work: () => T) => T;
}

interface Decided {
  answer: unknown;
  /** The counter in front knows. The next round need not wait for it. */
  told: Promise<void>;
}

type Settled = PromiseSettledResult<Decided>;

/** Of one process. Requests that come while others are being written wait for these, and are decided together. */
export function stockRounds(deps: CommandParts): StockRounds {
  const ask = inRounds<Asked, Decided>({
    ...{ maxItems: MAX_REQUESTS, maxWeight: MAX_OFFERS, maxWaiting: MAX_WAITING, lanes: LANES },
    weightOf: ({ request }) => Math.max(request.offerIds.length, 1),
    keysOf: ({ request: { offerIds, reservationId } }) => (reservationId ? [...offerIds, reservationId] : offerIds),
    decide: (asked) =>
      asked[0]!.within(() =>
        decideAll(
          deps,
          asked.map(({ request }) => request),
        ),
      ),
  });
  return {
    async ask<Answer>(request: StockRequest<Answer>) {
      const asked = () =>
        ask({ request: { ...request, trace: request.trace ?? activeTraceparent() }, within: keepContext() });
      const { answer, told } = await unlessFull(() => tracedPart('stock round', {}, asked));
      await told;
      return answer as Answer;
    },
  };
}

/** All in one transaction; each in one of its own when that does not work out, so that one who fails fails alone. */
async function decideAll(deps: CommandParts, requests: readonly StockRequest<unknown>[]): Promise<readonly Settled[]> {
  if (requests.length === 1) return unlessStale(() => decideTogether(deps, requests));
  try {
    return await decideTogether(deps, requests);
  } catch (error) {
    // Nobody's request is the reason, and more transactions are no remedy.
    if (isOutage(error) || NO_REQUEST.test(sqlStateOf(error) ?? '')) throw error;
    deps.log.warn(
      { err: error, requests: requests.length },
      'a round did not work out; its requests are decided alone',
    );
  }
  const alone: Settled[] = [];
  for (const request of requests) {
    alone.push(
      ...(await decideAll(deps, [request]).catch((reason: unknown) => [{ status: 'rejected' as const, reason }])),
    );
  }
  return alone;
}

/** SQLSTATE classes of a server that is away, full, stopped, or out of time. */
const NO_REQUEST = /^(?:08|53|57|58)/;

async function decideTogether(
  deps: CommandParts,
  requests: readonly StockRequest<unknown>[],
): Promise<readonly Settled[]> {
  const decide = async (em: EntityManager) => {
    const reservationIds = requests.flatMap(({ reservationId }) => reservationId ?? []);
    const requestKeys = requests.flatMap(({ requestKey }) => requestKey ?? []);
    const offerIds = requests.flatMap((request) => request.offerIds);
    const { offers, stock } = await lockStock(em, { offerIds, reservationIds, requestKeys });
    const round = new Round(offers, stock);
    const results = requests.map((request) => round.decide(request));
    await writeStock(em, stockWritesOf(deps, round.ledger, round.writes));
    const isCrowd = requests.length > 1;
    await appendToOutbox(em, round.events, { ids: deps.ids, now: deps.clock.now(), isCrowd });
    return { results, counters: round.counters };
  };
  const { results, counters } = await betweenCrashPoints('stock.change', () =>
    inTransaction(deps.orm, decide, { isPlannedOnce: true }),
  );
  deps.counts.rounds.inc();
  deps.counts.roundRequests.inc(requests.length);
  const told = tellCounter(deps, counters);
  // Each who waits for it is told; it is nobody's fault when all of them have gone.
  told.catch(() => undefined);
  return results.map((result) =>
    result.status === 'fulfilled' ? { status: 'fulfilled', value: { answer: result.value, told } } : result,
  );
}
