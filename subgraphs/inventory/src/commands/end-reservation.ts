import { accept, reject, type Result } from '@marketgraph/platform/core';
import { decideEnd } from '../domain/reservation-decisions.ts';
import type { ReservationCommand } from '../domain/reservation.ts';
import { reservationEndedEvent } from '../events/out.ts';
import { overdueReservations, type ReservationRow } from '../store/reservations.ts';
import type { CommandDeps } from './deps.ts';

/** Confirms, releases, expires or reverts, and resolves to what it is then. Twice is once; two at the same time follow one another. */
export function endReservation(
  { rounds }: CommandDeps,
  { id, command, trace }: { id: string; command: ReservationCommand; trace?: string },
): Promise<Result<ReservationRow>> {
  return rounds.ask({
    offerIds: [],
    reservationId: id,
    trace,
    decide(place): Result<ReservationRow> {
      const reservation = place.reservationOf(id);
      if (!reservation) return reject('NOT_FOUND', `There is no reservation ${id}.`);
      const distanceTo = place.distancesTo(reservation.shipTo);
      const decided = decideEnd(place.stock, reservation, { command, distanceTo });
      if (!decided.ok) return decided;
      if (decided.value === null) return accept(reservation);
      const ended = place.end(reservation, decided.value);
      const { cartId, status } = ended;
      place.announce(reservationEndedEvent({ reservationId: id, cartId, status }));
      return accept(ended);
    },
  });
}

const EXPIRE_BATCH = 100;

/** Ends what is overdue, of these offers or of all; resolves to how many. */
export async function expireReservations(
  deps: CommandDeps,
  { offerIds }: { offerIds?: readonly string[] } = {},
): Promise<number> {
  const due = await overdueReservations(deps.orm.em.fork(), { limit: EXPIRE_BATCH, offerIds });
  const results = await Promise.allSettled(due.map((id) => endReservation(deps, { id, command: 'expire' })));
  // Confirmed or released in the meantime: somebody was faster, which is fine.
  const ended = results.filter((result) => result.status === 'fulfilled' && result.value.ok).length;
  deps.counts.reservationsExpired.inc(ended);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return ended;
}
