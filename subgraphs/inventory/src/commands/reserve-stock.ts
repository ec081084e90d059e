import { reject, type Rejection } from '@marketgraph/platform/core';
import type { Destination } from '../domain/nearness.ts';
import { insertReservation, reservationByKey } from '../store/reservations.ts';
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
  | { kind: 'reserved'; reservationId: string }
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
  const earlier = await reservationByKey(deps.orm.em.fork(), command.requestKey);
  if (earlier) return { kind: 'reserved', reservationId: earlier.id };

  const known = await knowOffers(deps, offerIds);
  const unknown = offerIds.find((offerId) => !known.has(offerId));
  if (unknown) return { kind: 'refused', rejection: reject('NOT_FOUND', `There is no offer ${unknown}.`).rejection };

  if (!(await mayAskDatabase(deps, command.cartId, wanted.value))) {
    // Refused, perhaps, because the same request has been decided meanwhile and has the last units.
    const same = await reservationByKey(deps.orm.em.fork(), command.requestKey);
    if (same) return { kind: 'reserved', reservationId: same.id };
    return { kind: 'short', shortages: await shortagesNow(deps, wanted.value) };
  }
  const first = await decide(deps, command, wanted.value);
  if (first.kind !== 'short') return first;
  // What others left unpaid may be free by now, whether or not the sweeper has come by.
  const freed = await expireReservations(deps, { offerIds: first.shortages.map(({ offerId }) => offerId) });
  const outcome = freed > 0 ? await decide(deps, command, wanted.value) : first;
  if (outcome.kind === 'short') await recount(deps, offerIds, { settled: command.cartId });
  return outcome;
}

async function decide(deps: CommandDeps, command: ReserveStock, wanted: Map<string, number>): Promise<ReserveOutcome> {
  return changeStock(
    deps,
    [...wanted.keys()],
    async (change): Promise<ReserveOutcome> => {
      // The same request may have come twice at once: the first has its units by now.
      const same = await reservationByKey(change.em, command.requestKey);
      if (same) return { kind: 'reserved', reservationId: same.id };
      const shortages = shortagesIn(change, wanted);
      if (shortages.length > 0) return { kind: 'short', shortages };
      const reservationId = deps.ids.next('rsv');
      await insertReservation(change.em, {
        id: reservationId,
        cartId: command.cartId,
        requestKey: command.requestKey,
        ttlS: command.ttlS ?? deps.reservationTtlS,
        shipTo: command.shipTo ?? null,
      });
      await takeUnits(change, { reservationId, wanted, shipTo: command.shipTo });
      return { kind: 'reserved', reservationId };
    },
    { trace: command.trace, claimant: command.cartId },
  );
}
