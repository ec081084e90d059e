import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type ReservationCommand, step, type StockEffect } from '../domain/reservation.ts';
import { reservationEndedEvent } from '../events/out.ts';
import {
  linesOf,
  dropLines,
  type LockedReservation,
  lockReservation,
  overdueReservations,
  type ReservationLineRow,
  type ReservationRow,
  saveStatus,
} from '../store/reservations.ts';
import { changeStock, type StockChange } from './change-stock.ts';
import type { CommandDeps } from './deps.ts';
import { shortagesIn, takeUnits } from './take-units.ts';

/** What each effect means for a line: units on hand, units reserved, and the movement's reason. */
const EFFECTS: Readonly<
  Record<StockEffect, (command: ReservationCommand) => { onHand: -1 | 0 | 1; reserved: -1 | 0; reason: string }>
> = {
  ship: () => ({ onHand: -1, reserved: -1, reason: 'SALE' }),
  free: (command) => ({ onHand: 0, reserved: -1, reason: command === 'expire' ? 'EXPIRY' : 'RELEASE' }),
  restock: () => ({ onHand: 1, reserved: 0, reason: 'RELEASE' }),
  none: () => ({ onHand: 0, reserved: 0, reason: '' }),
};

/** Confirms, releases, expires or reverts, and resolves to what it is then. Twice is once; two at the same time wait for each other. */
export async function endReservation(
  deps: CommandDeps,
  { id, command, trace }: { id: string; command: ReservationCommand; trace?: string },
): Promise<Result<ReservationRow>> {
  const offerIds = (await linesOf(deps.orm.em.fork(), [id])).map(({ offerId }) => offerId);
  return changeStock(
    deps,
    offerIds,
    async (change): Promise<Result<ReservationRow>> => {
      const reservation = await lockReservation(change.em, id);
      if (!reservation) return reject('NOT_FOUND', `There is no reservation ${id}.`);
      if (command === 'confirm' && mustReserveAnew(reservation)) return confirmLate(change, reservation);
      const next = step(reservation.status, command);
      if (!next.ok) return next;
      const { status, effect } = next.value;
      if (status === reservation.status) return accept(reservation);
      await apply(change, { reservation, command, effect, lines: reservation.lines });
      await saveStatus(change.em, id, status);
      change.announce(reservationEndedEvent({ reservationId: id, cartId: reservation.cartId, status }));
      return accept({ ...reservation, status });
    },
    { trace },
  );
}

/** Expired, by the sweeper or by the clock alone: its units may have gone to somebody else. */
function mustReserveAnew({ status, isOverdue }: ReservationRow): boolean {
  return status === 'EXPIRED' || (status === 'ACTIVE' && isOverdue);
}

/** The buyer paid after the time was over. When the units are still there the sale stands. */
async function confirmLate(change: StockChange, reservation: LockedReservation): Promise<Result<ReservationRow>> {
  const { id, cartId } = reservation;
  let { lines } = reservation;
  if (reservation.status === 'EXPIRED') {
    const wanted = new Map<string, number>();
    for (const { offerId, quantity } of lines) wanted.set(offerId, (wanted.get(offerId) ?? 0) + quantity);
    if (shortagesIn(change, wanted).length > 0) return step('EXPIRED', 'confirm') as Result<ReservationRow>;
    await dropLines(change.em, id);
    await takeUnits(change, { reservationId: id, wanted, shipTo: reservation.shipTo });
    lines = await linesOf(change.em, [id]);
  }
  await apply(change, { reservation, command: 'confirm', effect: 'ship', lines });
  await saveStatus(change.em, id, 'CONFIRMED');
  change.announce(reservationEndedEvent({ reservationId: id, cartId, status: 'CONFIRMED' }));
  return accept({ ...reservation, status: 'CONFIRMED' });
}

async function apply(
  change: StockChange,
  {
    reservation,
    command,
    effect,
    lines,
  }: {
    reservation: ReservationRow;
    command: ReservationCommand;
    effect: StockEffect;
    lines: readonly ReservationLineRow[];
  },
): Promise<void> {
  if (effect === 'none') return;
  const { onHand, reserved, reason } = EFFECTS[effect](command);
  for (const { offerId, warehouseId, quantity } of lines) {
    const moved = await change.move({
      offerId,
      warehouseId,
      onHandDelta: onHand * quantity,
      reservedDelta: reserved * quantity,
      reason,
      referenceId: reservation.id,
    });
    if (!moved) throw new Error(`Reservation ${reservation.id} and the stock of ${offerId} do not agree`);
  }
}

const EXPIRE_BATCH = 100;

/** Ends what is overdue, of these offers or of all; resolves to how many. */
export async function expireReservations(
  deps: CommandDeps,
  { offerIds }: { offerIds?: readonly string[] } = {},
): Promise<number> {
  const due = await overdueReservations(deps.orm.em.fork(), { limit: EXPIRE_BATCH, offerIds });
  let ended = 0;
  for (const id of due) {
    const result = await endReservation(deps, { id, command: 'expire' });
    // Confirmed or released in the meantime: somebody was faster, which is fine.
    if (result.ok) ended += 1;
  }
  deps.counts.reservationsExpired.inc(ended);
  return ended;
}
