import { accept, reject, type Result } from '@marketgraph/platform/core';

export type ReservationStatus = 'ACTIVE' | 'CONFIRMED' | 'RELEASED' | 'EXPIRED';

/** What can be asked of a reservation. `revert` undoes a sale that was not paid after all. */
export type ReservationCommand = 'confirm' | 'release' | 'expire' | 'revert';

/** What a command does to the stock of each line. */
export type StockEffect = 'ship' | 'free' | 'restock' | 'none';

export interface ReservationStep {
  status: ReservationStatus;
  effect: StockEffect;
}

/**
 * Every legal step; a step to where the reservation already is repeats nothing.
 * `EXPIRED` + confirm is not here: the buyer paid late, the command reserves anew or refuses.
 */
const STEPS: Readonly<Record<ReservationStatus, Partial<Record<ReservationCommand, ReservationStep>>>> = {
  ACTIVE: {
    confirm: { status: 'CONFIRMED', effect: 'ship' },
    release: { status: 'RELEASED', effect: 'free' },
    expire: { status: 'EXPIRED', effect: 'free' },
    revert: { status: 'RELEASED', effect: 'free' },
  },
  CONFIRMED: {
    confirm: { status: 'CONFIRMED', effect: 'none' },
    revert: { status: 'RELEASED', effect: 'restock' },
  },
  RELEASED: {
    release: { status: 'RELEASED', effect: 'none' },
    revert: { status: 'RELEASED', effect: 'none' },
  },
  // Given up for good: a confirmation that comes late once more finds no reservation to revive.
  EXPIRED: {
    release: { status: 'RELEASED', effect: 'none' },
    expire: { status: 'EXPIRED', effect: 'none' },
    revert: { status: 'RELEASED', effect: 'none' },
  },
};

export function step(status: ReservationStatus, command: ReservationCommand): Result<ReservationStep> {
  const next = STEPS[status][command];
  if (next) return accept(next);
  if (status === 'EXPIRED') return reject('RESERVATION_EXPIRED', 'The reservation has expired and the stock is gone.');
  return reject('ILLEGAL_TRANSITION', `A reservation that is ${status} cannot ${command}.`);
}
