import { describe, expect, it } from 'vitest';
import { type ReservationCommand, type ReservationStatus, step } from './reservation.ts';

const TABLE: [ReservationStatus, ReservationCommand, string][] = [
  ['ACTIVE', 'confirm', 'CONFIRMED ship'],
  ['ACTIVE', 'release', 'RELEASED free'],
  ['ACTIVE', 'expire', 'EXPIRED free'],
  ['ACTIVE', 'revert', 'RELEASED free'],
  ['CONFIRMED', 'confirm', 'CONFIRMED none'],
  ['CONFIRMED', 'release', 'ILLEGAL_TRANSITION'],
  ['CONFIRMED', 'expire', 'ILLEGAL_TRANSITION'],
  ['CONFIRMED', 'revert', 'RELEASED restock'],
  ['RELEASED', 'confirm', 'ILLEGAL_TRANSITION'],
  ['RELEASED', 'release', 'RELEASED none'],
  ['RELEASED', 'expire', 'ILLEGAL_TRANSITION'],
  ['RELEASED', 'revert', 'RELEASED none'],
  ['EXPIRED', 'confirm', 'RESERVATION_EXPIRED'],
  ['EXPIRED', 'release', 'RELEASED none'],
  ['EXPIRED', 'expire', 'EXPIRED none'],
  ['EXPIRED', 'revert', 'RELEASED none'],
];

describe('a reservation', () => {
  it.each(TABLE)('%s, asked to %s: %s', (status, command, expected) => {
    const result = step(status, command);
    expect(result.ok ? `${result.value.status} ${result.value.effect}` : result.rejection.code).toBe(expected);
  });
});
