import { reject, type Rejection } from '@marketgraph/platform/core';
import type { Destination } from '../domain/nearness.ts';
import { insertReservation, reservationByKey, type ReservationRow } from '../store/reservations.ts';
import { mayAskDatabase, recount, shortagesNow, together } from './admit-stock.ts';
import { changeStock } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';
import { expireReservations } from './end-reservation.ts';
import { knowOffers } from './know-offers.ts';
import { type Shortage, shortagesIn, takeUnits } from './take-units.ts';

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
 * decides everything else in one transaction.
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
    // Refused, perhaps, because the same request has been decided before and has the last units.
    const same = await reservationByKey(deps.orm.em.fork(), command.requestKey);
    if (same) return { kind: 'reserved', reservation: same };
    const refusal = await refuseUnknown(deps, offerIds);
    return refusal ?? { kind: 'short', shortages: await shortagesNow(deps, wanted.value) };
  }
  let first = await decide(deps, command, wanted.value);
  if (first.kind === 'unknown') {
    const refusal = await refuseUnknown(deps, offerIds);
    if (refusal) return refusal;
    first = await decide(deps, command, wanted.value);
  }
  // Decided before: the claim it was admitted on now is nobody's.
  if (first.kind === 'same') await recount(deps, offerIds, { settled: command.cartId });
  if (first.kind !== 'short') return toOutcome(first);
  // What others left unpaid may be free by now, whether or not the sweeper has come by.
  const freed = await expireReservations(deps, { offerIds: first.shortages.map(({ offerId }) => offerId) });
  const outcome = toOutcome(freed > 0 ? await decide(deps, command, wanted.value) : first);
  if (outcome.kind === 'short') await recount(deps, offerIds, { settled: command.cartId });
  return outcome;
}

type Decision =
  | { kind: 'reserved' | 'same'; reservation: ReservationRow }
  | { kind: 'short'; shortages: Shortage[] }
  /** An offer we have not heard of. */
  | { kind: 'unknown' };

function toOutcome(decision: Decision): ReserveOutcome {
  if (decision.kind === 'unknown') throw new Error('An offer that was known is unknown.');
  return decision.kind === 'short' ? decision : { kind: 'reserved', reservation: decision.reservation };
}

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

async function decide(deps: CommandDeps, command: ReserveStock, wanted: Map<string, number>): Promise<Decision> {
  return changeStock(
    deps,
    [...wanted.keys()],
    async (change): Promise<Decision> => {
      if ([...wanted.keys()].some((offerId) => !change.offers.has(offerId))) return { kind: 'unknown' };
      const shortages = shortagesIn(change, wanted);
      if (shortages.length > 0) {
        // The same request may have come before, or twice at once: the first has its units by now.
        const same = await reservationByKey(change.em, command.requestKey);
        return same ? { kind: 'same', reservation: same } : { kind: 'short', shortages };
      }
      const reservation = await insertReservation(change.em, {
        id: deps.ids.next('rsv'),
        cartId: command.cartId,
        requestKey: command.requestKey,
        ttlS: command.ttlS ?? deps.reservationTtlS,
        shipTo: command.shipTo ?? null,
      });
      if (!reservation) {
        const same = await reservationByKey(change.em, command.requestKey);
        if (!same) throw new Error('A reservation that is there was not found.');
        return { kind: 'same', reservation: same };
      }
      await takeUnits(change, { reservationId: reservation.id, wanted, shipTo: command.shipTo });
      return { kind: 'reserved', reservation };
    },
    { trace: command.trace, claimant: command.cartId },
  );
}
