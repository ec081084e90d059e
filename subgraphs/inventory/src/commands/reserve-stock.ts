import { reject, type Rejection } from '@marketgraph/platform/core';
import type { CounterValue } from '../clients/stock-counter.ts';
import type { Destination } from '../domain/nearness.ts';
import { type Shortage, shortagesIn, takeUnits } from '../domain/reservation-decisions.ts';
import type { ReservationRow } from '../store/reservations.ts';
import { mayAskDatabase, together } from './admit-stock.ts';
import { counterOf } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';
import { expireReservations } from './end-reservation.ts';
import { knowOffers } from './know-offers.ts';
import type { RoundPlace } from './round.ts';

export interface ReserveStock {
  cartId: string;
  /** The same request twice gives the same reservation. */
  requestKey: string;
  ttlS?: number;
  lines: readonly { offerId: string; quantity: number }[];
  /** Where the goods go: the nearest warehouses give them. */
  shipTo?: Destination | null;
  trace?: string;
}

export type ReserveOutcome =
  | { kind: 'reserved'; reservation: ReservationRow }
  | { kind: 'short'; shortages: Shortage[] }
  | { kind: 'refused'; rejection: Rejection };

/**
 * Takes the units of all lines or of none. The same offer on two lines counts
 * together. The counter in front refuses at once what cannot be; the database
 * decides everything else, together with whoever asks at the same time.
 */
export async function reserveStock(deps: CommandDeps, command: ReserveStock): Promise<ReserveOutcome> {
  const outcome = await tryToReserve(deps, command);
  if (outcome.kind === 'short') deps.counts.oversellPrevented.inc();
  return outcome;
}

async function tryToReserve(deps: CommandDeps, command: ReserveStock): Promise<ReserveOutcome> {
  const wanted = together(command.lines);
  if (!wanted.ok) return { kind: 'refused', rejection: wanted.rejection };
  const offerIds = [...wanted.value.keys()];
  if (!(await mayAskDatabase(deps, command.cartId, wanted.value))) {
    const refusal = await deps.refusals.ask({ requestKey: command.requestKey, wanted: wanted.value });
    // Refused, perhaps, because the same request has been decided before and has the last units.
    if (refusal.same) return { kind: 'reserved', reservation: refusal.same };
    const unknown = refusal.areAllKnown ? undefined : await refuseUnknown(deps, offerIds);
    return unknown ?? { kind: 'short', shortages: refusal.shortages };
  }
  let decision = await decide(deps, command, wanted.value);
  if (decision.kind === 'unknown') {
    const refusal = await refuseUnknown(deps, offerIds);
    if (refusal) return refusal;
    decision = await decide(deps, command, wanted.value);
  }
  if (decision.kind === 'short') {
    // What others left unpaid may be free by now, whether or not the sweeper has come by.
    const freed = await expireReservations(deps, { offerIds: decision.shortages.map(({ offerId }) => offerId) });
    if (freed > 0) decision = await decide(deps, command, wanted.value);
  }
  if (decision.kind === 'unknown') throw new Error('An offer that was known is unknown.');
  // Decided before or not to be had: the claim it was admitted on now is nobody's.
  if (decision.kind !== 'reserved') await settleClaim(deps, command.cartId, decision.counters);
  return decision.kind === 'short' ? decision : { kind: 'reserved', reservation: decision.reservation };
}

type Decision =
  | { kind: 'reserved'; reservation: ReservationRow }
  /** With what the database holds of the offers. */
  | { kind: 'same'; reservation: ReservationRow; counters: CounterValue[] }
  | { kind: 'short'; shortages: Shortage[]; counters: CounterValue[] }
  /** An offer we have not heard of. */
  | { kind: 'unknown' };

/** Asks for those whose event is still on its way; undefined when all are known then. */
async function refuseUnknown(
  deps: CommandDeps,
  offerIds: readonly string[],
): Promise<Extract<ReserveOutcome, { kind: 'refused' }> | undefined> {
  const known = await knowOffers(deps, offerIds);
  const unknown = offerIds.find((offerId) => !known.has(offerId));
  if (!unknown) return undefined;
  return { kind: 'refused', rejection: reject('NOT_FOUND', `There is no offer ${unknown}.`).rejection };
}

function decide(deps: CommandDeps, command: ReserveStock, wanted: ReadonlyMap<string, number>): Promise<Decision> {
  const { cartId, requestKey, trace } = command;
  return deps.rounds.ask({
    ...{ offerIds: [...wanted.keys()], requestKey, claimant: cartId, trace },
    decide: (place) => decideIn(place, { deps, command, wanted }),
  });
}

function decideIn(
  place: RoundPlace,
  { deps, command, wanted }: { deps: CommandDeps; command: ReserveStock; wanted: ReadonlyMap<string, number> },
): Decision {
  const { cartId, requestKey, ttlS = deps.reservationTtlS, shipTo = null } = command;
  const offerIds = [...wanted.keys()];
  if (!offerIds.every((offerId) => place.isKnown(offerId))) return { kind: 'unknown' };
  const counters = () => offerIds.map((offerId) => counterOf(place.stock, place.stock.offer(offerId)!));
  // The same request may have come before, or twice at once: the first has its units by now.
  const same = place.reservationBy(requestKey);
  if (same) return { kind: 'same', reservation: same, counters: counters() };
  const shortages = shortagesIn(place.stock, wanted);
  if (shortages.length > 0) return { kind: 'short', shortages, counters: counters() };
  const id = deps.ids.next('rsv');
  const lines = takeUnits(place.stock, { id, wanted, distanceTo: place.distancesTo(shipTo) });
  return { kind: 'reserved', reservation: place.make({ id, cartId, requestKey, ttlS, shipTo }, lines) };
}

function settleClaim({ counter }: CommandDeps, claimant: string, counters: readonly CounterValue[]): Promise<void> {
  return counter.put(counters.map((value) => ({ ...value, settled: [claimant] })));
}
