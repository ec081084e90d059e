import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../simulator/world/random.ts';
import type { MoneyCall, MoneyOutcome } from './payment-model.ts';
import type { Operation } from './history.ts';
import type { StockCall, StockOutcome } from './offer-model.ts';

/** An answer that is neither what was asked for nor the refusal that belongs to it: a failure of the test, not of the call. */
export class StrangeAnswerError extends Error {}

/** What an object under test can be asked. Rejects when nobody knows whether it was done; the key is the same when asked again. */
export interface Asked<Call, Outcome> {
  /** Whether asking again with the same key is the same operation. Otherwise each time is one of its own. */
  isKeyed(call: Call): boolean;
  ask(call: Call, key: string): Promise<Outcome>;
}

/** How often a client that was not answered asks again before it gives up and never knows. */
const MAX_TRIES = 40;
const PAUSE_MS = 100;
const MAX_TRIES_AT_THE_END = 600;
/** Of the calls that were not answered: those that are given up at once. */
const GIVES_UP = 0.25;
/** Of those that were given up: the ones nobody ever asks about again. With many of them everything can be explained, and it takes forever. */
const FORGOTTEN = 0.1;

/**
 * One call by one client, written down with when it was asked and when it was
 * answered; the last of the operations is the one that was, if any. Asked again
 * with its key it is one operation that took long. Without a key an attempt
 * that was not answered may have been done, at any time, beside the next one.
 */
export async function recorded<Call, Outcome>(
  { ask, isKeyed }: Asked<Call, Outcome>,
  call: Call,
  { client, key, random }: { client: number; key: string; random: Random },
): Promise<[...Operation<Call, Outcome>[], Operation<Call, Outcome>]> {
  const lost: Operation<Call, Outcome>[] = [];
  let invokedAt = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      const outcome = await ask(call, key);
      return [...lost, { client, call, outcome, invokedAt, respondedAt: performance.now() }];
    } catch (error) {
      if (error instanceof StrangeAnswerError) throw error;
      const unknown = { client, call, outcome: undefined, invokedAt, respondedAt: Infinity };
      if (tries === MAX_TRIES || random.chance(GIVES_UP)) return [...lost, unknown];
      await pause(PAUSE_MS);
      if (isKeyed(call)) continue;
      lost.push(unknown);
      invokedAt = performance.now();
    }
  }
}

/**
 * What somebody else finds who asks again at the end, by the keys of what was given up: a call with a key is one operation
 * whenever it is answered.
 */
export async function recovered<Call, Outcome>(
  { ask, isKeyed }: Asked<Call, Outcome>,
  operation: Operation<Call, Outcome>,
  { key, random }: { key: string; random: Random },
): Promise<Operation<Call, Outcome>> {
  const { call, outcome } = operation;
  if (outcome || !isKeyed(call) || random.chance(FORGOTTEN)) return operation;
  for (let tries = 1; tries <= MAX_TRIES_AT_THE_END; tries += 1) {
    try {
      const found = await ask(call, key);
      return { ...operation, outcome: found, respondedAt: performance.now() };
    } catch (error) {
      if (error instanceof StrangeAnswerError) throw error;
      await pause(PAUSE_MS);
    }
  }
  return operation;
}

export type StockOperation = Operation<StockCall, StockOutcome>;
export type MoneyOperation = Operation<MoneyCall, MoneyOutcome>;

const MOST_WANTED = 4;

/** What a client does next to an offer of which these reservations are known. */
export function nextStockCall(random: Random, known: readonly number[], request: number): StockCall {
  const lot = random.next();
  if (lot < 0.35 || (lot < 0.65 && known.length === 0)) {
    return { do: 'reserve', quantity: random.whole(1, MOST_WANTED), request };
  }
  if (lot < 0.65) {
    // The youngest are those that others are at as well.
    const youngest = known.slice(-6);
    return { do: random.pick(['confirm', 'release', 'revert'] as const), request: random.pick(youngest) };
  }
  if (lot < 0.78) {
    return { do: 'adjust', warehouse: random.whole(0, 1), delta: random.pick([-3, -2, -1, 1, 2, 3, 4, 5]) };
  }
  if (lot < 0.86) {
    const from = random.whole(0, 1);
    return { do: 'transfer', from, to: 1 - from, quantity: random.whole(1, 3) };
  }
  return { do: 'query' };
}
