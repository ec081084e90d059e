import type { Clock } from '@marketgraph/platform/core';

interface FakeReservation {
  id: string;
  key: string;
  cartId: string;
  status: 'ACTIVE' | 'CONFIRMED' | 'RELEASED' | 'EXPIRED';
  expiresAt: Date;
  lines: { offerId: string; quantity: number }[];
  shipTo?: { countryCode: string; region: string | null } | null;
}

type Answer = { reservation: unknown; userErrors: unknown[] };

/** Inventory as a checkout knows it: units that are free, held or gone. For tests. */
export class FakeInventory {
  readonly free = new Map<string, number>();
  readonly reservations: FakeReservation[] = [];
  isBlind = false;

  constructor(private readonly clock: Clock) {}

  stock(offerId: string, units: number): void {
    this.free.set(offerId, units);
  }

  /** Units of an offer that were sold and not given back. */
  sold(offerId: string): number {
    return this.units(offerId, 'CONFIRMED');
  }

  held(offerId: string): number {
    this.expire();
    return this.units(offerId, 'ACTIVE');
  }

  reserve(input: {
    cartId: string;
    idempotencyKey: string;
    ttlSeconds: number;
    lines: { offerId: string; quantity: number }[];
    shipTo?: { countryCode: string; region: string | null } | null;
  }): Answer {
    this.expire();
    const known = this.reservations.find((reservation) => reservation.key === input.idempotencyKey);
    if (known) return this.shown(known);
    const userErrors = this.shortages(input.lines);
    if (userErrors.length > 0) return { reservation: null, userErrors };
    this.move(input.lines, -1);
    const reservation: FakeReservation = {
      id: `rsv_${String(this.reservations.length + 1).padStart(26, '0')}`,
      key: input.idempotencyKey,
      cartId: input.cartId,
      status: 'ACTIVE',
      expiresAt: new Date(this.clock.now().getTime() + input.ttlSeconds * 1_000),
      lines: input.lines,
      shipTo: input.shipTo,
    };
    this.reservations.push(reservation);
    return this.shown(reservation);
  }

  available(offerId: string) {
    this.expire();
    return { offer: { id: offerId }, available: this.free.get(offerId) ?? 0 };
  }

  /** The question before a checkout; `isBlind` makes it admit everybody, as an old count would. */
  admit({ lines }: { lines: { offerId: string; quantity: number }[] }): { userErrors: unknown[] } {
    this.expire();
    return { userErrors: this.isBlind ? [] : this.shortages(lines) };
  }

  confirm(id: string): Answer {
    this.expire();
    const reservation = this.find(id);
    if (!reservation || (reservation.status !== 'ACTIVE' && reservation.status !== 'CONFIRMED')) {
      return this.refused('RESERVATION_EXPIRED', 'The reservation is over.');
    }
    reservation.status = 'CONFIRMED';
    return this.shown(reservation);
  }

  release(id: string): Answer {
    this.expire();
    return this.giveBack(id, 'ACTIVE');
  }

  revert(id: string): Answer {
    const reservation = this.find(id);
    // Final: a confirmation that comes after this finds nothing to make good.
    if (reservation?.status === 'EXPIRED') reservation.status = 'RELEASED';
    return this.giveBack(id, reservation?.status === 'ACTIVE' ? 'ACTIVE' : 'CONFIRMED');
  }

  /** Units of a sale that came back, once per id. */
  readonly received = new Map<string, { orderId: string; lines: { offerId: string; quantity: number }[] }>();

  receive(input: { id: string; orderId: string; lines: { offerId: string; quantity: number }[] }) {
    const sale = this.reservations.find((each) => each.key === input.orderId && each.status === 'CONFIRMED');
    if (!sale) return { userErrors: this.refused('NOT_FOUND', 'Nothing was sold.').userErrors };
    if (!this.received.has(input.id)) {
      this.received.set(input.id, input);
      this.move(input.lines, 1);
    }
    return { userErrors: [] };
  }

  private shortages(lines: { offerId: string; quantity: number }[]): unknown[] {
    return lines
      .filter(({ offerId, quantity }) => (this.free.get(offerId) ?? 0) < quantity)
      .map(({ offerId, quantity }) => ({
        __typename: 'InsufficientStockError',
        code: 'INSUFFICIENT_STOCK',
        message: 'Not enough units.',
        field: null,
        offer: { id: offerId },
        requested: quantity,
        available: this.free.get(offerId) ?? 0,
      }));
  }

  private giveBack(id: string, from: 'ACTIVE' | 'CONFIRMED'): Answer {
    const reservation = this.find(id);
    if (!reservation) return this.refused('NOT_FOUND', 'No such reservation.');
    if (reservation.status === 'RELEASED') return this.shown(reservation);
    if (reservation.status !== from) return this.refused('ILLEGAL_TRANSITION', `It is ${reservation.status}.`);
    reservation.status = 'RELEASED';
    this.move(reservation.lines, 1);
    return this.shown(reservation);
  }

  private expire(): void {
    for (const reservation of this.reservations) {
      if (reservation.status !== 'ACTIVE' || reservation.expiresAt > this.clock.now()) continue;
      reservation.status = 'EXPIRED';
      this.move(reservation.lines, 1);
    }
  }

  private move(lines: FakeReservation['lines'], sign: 1 | -1): void {
    for (const { offerId, quantity } of lines) {
      this.free.set(offerId, (this.free.get(offerId) ?? 0) + sign * quantity);
    }
  }

  private units(offerId: string, status: FakeReservation['status']): number {
    return this.reservations
      .filter((reservation) => reservation.status === status)
      .flatMap((reservation) => reservation.lines)
      .filter((line) => line.offerId === offerId)
      .reduce((total, line) => total + line.quantity, 0);
  }

  private find(id: string): FakeReservation | undefined {
    return this.reservations.find((reservation) => reservation.id === id);
  }

  private shown({ id, status, expiresAt }: FakeReservation): Answer {
    return { reservation: { id, status, expiresAt: expiresAt.toISOString() }, userErrors: [] };
  }

  private refused(code: string, message: string): Answer {
    return { reservation: null, userErrors: [{ __typename: 'BasicUserError', code, message, field: null }] };
  }
}
