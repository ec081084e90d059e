import type { NewEvent } from '@marketgraph/platform/messaging';
import { type Destination, distanceBetween, type Place } from '../domain/nearness.ts';
import type { DistanceTo, ReservationLine } from '../domain/reservation-decisions.ts';
import type { ReservationStatus } from '../domain/reservation.ts';
import { type LedgerEntry, StockLedger } from '../domain/stock-ledger.ts';
import { offerChangeEvent } from '../events/out.ts';
import type { LockedReservation, LockedStock } from '../store/locked-stock.ts';
import type { NewReservation, StockWrites } from '../store/stock-writes.ts';
import { counterOf } from './change-stock.ts';

/** A request that is decided in a round: at once and in memory, on stock that is locked and reservations that were read. */
export interface StockRequest<Answer> {
  offerIds: readonly string[];
  /** Its offers are locked too. */
  reservationId?: string;
  requestKey?: string;
  /** Whose claim is decided. */
  claimant?: string;
  trace?: string;
  /** What it throws is its own affair: nothing it did counts, and nobody else hears of it. */
  decide(place: RoundPlace): Answer;
}

/** Where a request is decided: after all that came before it in its round, and before all that comes after. */
export interface RoundPlace {
  readonly stock: LedgerEntry;
  /** Whether there is such an offer. */
  isKnown(offerId: string): boolean;
  reservationOf(id: string): LockedReservation | undefined;
  reservationBy(requestKey: string): LockedReservation | undefined;
  distancesTo(destination: Destination | null | undefined): DistanceTo;
  make(reservation: NewReservation, lines: readonly ReservationLine[]): LockedReservation;
  end(
    reservation: LockedReservation,
    to: { status: ReservationStatus; takenAnew?: ReservationLine[] },
  ): LockedReservation;
  announce(event: NewEvent): void;
}

/** The decisions of one transaction. */
export class Round {
  readonly ledger: StockLedger;
  readonly events: NewEvent[] = [];
  readonly #reservations: Map<string, LockedReservation>;
  readonly #idsByKey: Map<string, string>;
  readonly #places: ReadonlyMap<string, Place | null>;
  readonly #openedAt: number;
  readonly #statusesRead = new Map<string, ReservationStatus>();
  readonly #made: NewReservation[] = [];
  readonly #lines: StockWrites['lines'][number][] = [];
  readonly #takenAnew: StockWrites['takenAnew'][number][] = [];
  readonly #claimants = new Map<string, Set<string>>();

  constructor(offers: ConstructorParameters<typeof StockLedger>[0], { levels, reservations, now }: LockedStock) {
    this.ledger = new StockLedger(offers, levels);
    this.#reservations = new Map(reservations.map((each) => [each.id, each]));
    this.#idsByKey = new Map(reservations.map(({ requestKey, id }) => [requestKey, id]));
    this.#places = new Map(levels.map(({ warehouseId, place }) => [warehouseId, place]));
    this.#openedAt = new Date(now).getTime();
  }

  decide({ decide, claimant, trace }: StockRequest<unknown>): PromiseSettledResult<unknown> {
    const stock = this.ledger.begin();
    const staged = new Staged();
    try {
      const value = decide({
        stock,
        isKnown: (offerId) => this.ledger.offers.has(offerId),
        reservationOf: (id) => this.#reservations.get(id),
        reservationBy: (key) => this.#reservations.get(this.#idsByKey.get(key) ?? ''),
        distancesTo: (destination) => (warehouseId) => this.#distance(warehouseId, destination),
        make: (reservation, lines) => staged.make(reservation, lines, this.#openedAt),
        end: (reservation, to) => staged.end(reservation, to),
        announce: (event) => void staged.events.push(event),
      });
      const changes = this.ledger.keep(stock);
      this.#keep(staged);
      const events = [...staged.events, ...changes.map(offerChangeEvent)];
      this.events.push(...events.map((event) => ({ ...event, ...(trace ? { trace } : {}) })));
      for (const { offer } of changes) {
        const claimants = this.#claimants.get(offer.offerId) ?? new Set();
        if (claimant) claimants.add(claimant);
        this.#claimants.set(offer.offerId, claimants);
      }
      return { status: 'fulfilled', value };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  }

  /** How each offer that changed stands at the end, and whose claims on it are decided. */
  get counters() {
    return [...this.#claimants].map(([offerId, claimants]) => {
      const { sequence } = this.ledger.offers.get(offerId)!;
      return { ...counterOf(this.ledger, { offerId, sequence }), settled: [...claimants] };
    });
  }

  get writes(): Pick<StockWrites, 'reservations' | 'lines' | 'statuses' | 'takenAnew'> {
    const statuses = [...this.#statusesRead].map(([id, was]) => ({
      id,
      was,
      status: this.#reservations.get(id)!.status,
    }));
    return { reservations: this.#made, lines: this.#lines, statuses, takenAnew: this.#takenAnew };
  }

  #keep({ made, ended }: Staged): void {
    for (const { reservation, row } of made) {
      this.#made.push(reservation);
      this.#lines.push(...row.lines.map((line) => ({ ...line, reservationId: row.id })));
      this.#reservations.set(row.id, row);
      this.#idsByKey.set(row.requestKey, row.id);
    }
    for (const { row, isTakenAnew } of ended) {
      const { status } = this.#reservations.get(row.id)!;
      if (!this.#statusesRead.has(row.id)) this.#statusesRead.set(row.id, status);
      this.#reservations.set(row.id, row);
      if (isTakenAnew) this.#takenAnew.push({ id: row.id, lines: row.lines });
    }
  }

  #distance(warehouseId: string, destination: Destination | null | undefined): number | undefined {
    const place = this.#places.get(warehouseId);
    return place && destination ? distanceBetween(place, destination) : undefined;
  }
}

/** What one request has decided about reservations, before it counts. */
class Staged {
  readonly events: NewEvent[] = [];
  readonly made: { reservation: NewReservation; row: LockedReservation }[] = [];
  readonly ended: { row: LockedReservation; isTakenAnew: boolean }[] = [];

  make(reservation: NewReservation, lines: readonly ReservationLine[], openedAt: number): LockedReservation {
    const { id, cartId, requestKey, ttlS, shipTo } = reservation;
    const expiresAt = new Date(openedAt + ttlS * 1_000).toISOString();
    const facts = { id, cartId, requestKey, shipTo, expiresAt, lines: [...lines] };
    const row: LockedReservation = { ...facts, status: 'ACTIVE', isOverdue: false };
    this.made.push({ reservation, row });
    return row;
  }

  end(
    reservation: LockedReservation,
    { status, takenAnew }: { status: ReservationStatus; takenAnew?: ReservationLine[] },
  ): LockedReservation {
    const row = { ...reservation, status, lines: takenAnew ?? reservation.lines };
    this.ended.push({ row, isTakenAnew: takenAnew !== undefined });
    return row;
  }
}
