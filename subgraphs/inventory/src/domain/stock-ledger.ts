import { type Allowance, grantOf } from './allowance.ts';
import { availableIn, type StockLevel } from './stock.ts';

/** What has stock: an offer, or an allowance, which has no vendor. */
export interface LedgerOffer {
  offerId: string;
  vendorId: string | null;
  lowStockThreshold: number;
  /** Of the newest change of its stock. */
  sequence: number;
  allowance: (Allowance & { sequence: number }) | null;
}

export interface LedgerLevel extends StockLevel {
  id: string;
  offerId: string;
  version: number;
}

export interface LedgerMove {
  offerId: string;
  warehouseId: string;
  onHandDelta: number;
  reservedDelta: number;
  reason: string;
  referenceId?: string | null;
  actorId?: string | null;
}

/** What one entry did to one offer, which has a new number since. */
export interface OfferChange {
  offer: LedgerOffer;
  previousAvailable: number;
  available: number;
  onHand: number;
  reserved: number;
  /** Null when it was in several. */
  warehouseId: string | null;
  reason: string;
}

/** All that has to be written for the entries that were kept; every level and every offer once. */
export interface LedgerWrites {
  /** `seen` is the version that was read: of another one nothing is known. */
  levels: {
    offerId: string;
    warehouseId: string;
    onHandDelta: number;
    reservedDelta: number;
    seen: number;
    version: number;
  }[];
  opened: LedgerLevel[];
  moves: LedgerMove[];
  offers: LedgerOffer[];
}

interface Touched {
  previousAvailable: number;
  warehouseIds: Set<string>;
  reason: string;
}

/**
 * The stock of some offers as it was read under their locks, and what is decided on top of it, one entry after the
 * other, as one thread would. Nothing is written here: what was kept is asked for at the end.
 */
export class StockLedger {
  readonly #offers: Map<string, LedgerOffer>;
  readonly #levels: Map<string, readonly LedgerLevel[]>;
  readonly #read = new Map<string, LedgerLevel>();
  readonly #moves: LedgerMove[] = [];
  readonly #changed = new Set<string>();

  constructor(offers: Iterable<LedgerOffer>, levels: Iterable<LedgerLevel>) {
    this.#offers = new Map([...offers].map((offer) => [offer.offerId, offer]));
    this.#levels = Map.groupBy(levels, ({ offerId }) => offerId);
    for (const each of this.#levels.values()) for (const level of each) this.#read.set(keyOf(level), level);
  }

  get offers(): ReadonlyMap<string, LedgerOffer> {
    return this.#offers;
  }

  levelsOf(offerId: string): readonly LedgerLevel[] {
    return this.#levels.get(offerId) ?? [];
  }

  /** Nothing of an entry counts until it is kept; the next one begins where that one ended. */
  begin(): LedgerEntry {
    return new LedgerEntry(this.#offers, this.#levels);
  }

  /** All of it or, when it throws, nothing. */
  keep(entry: LedgerEntry): OfferChange[] {
    const { levels, moves, touched, offers } = entry.end();
    for (const offerId of touched.keys()) {
      if (!this.#offers.has(offerId)) throw new Error(`Stock of ${offerId} was moved, which is no offer`);
    }
    for (const [offerId, own] of levels) this.#levels.set(offerId, own);
    this.#moves.push(...moves);
    for (const [offerId, offer] of offers) {
      this.#offers.set(offerId, offer);
      this.#changed.add(offerId);
    }
    const changes: OfferChange[] = [];
    for (const [offerId, { previousAvailable, warehouseIds, reason }] of touched) {
      const known = this.#offers.get(offerId)!;
      const offer = { ...known, sequence: known.sequence + 1 };
      this.#offers.set(offerId, offer);
      this.#changed.add(offerId);
      const warehouseId = warehouseIds.size === 1 ? [...warehouseIds][0]! : null;
      changes.push({ offer, previousAvailable, ...unitsOf(this.levelsOf(offerId)), warehouseId, reason });
    }
    return changes;
  }

  get writes(): LedgerWrites {
    const levels: LedgerWrites['levels'] = [];
    const opened: LedgerLevel[] = [];
    for (const level of [...this.#levels.values()].flat()) {
      const { offerId, warehouseId, version } = level;
      const read = this.#read.get(keyOf(level));
      if (read === level) continue;
      if (!read) {
        opened.push(level);
        continue;
      }
      const deltas = { onHandDelta: level.onHand - read.onHand, reservedDelta: level.reserved - read.reserved };
      levels.push({ offerId, warehouseId, ...deltas, seen: read.version, version });
    }
    return { levels, opened, moves: this.#moves, offers: [...this.#changed].map((id) => this.#offers.get(id)!) };
  }
}

/** What one request does to the stock: seen by itself at once, by nobody else until it is kept. */
export class LedgerEntry {
  readonly #levels = new Map<string, readonly LedgerLevel[]>();
  readonly #offers = new Map<string, LedgerOffer>();
  readonly #touched = new Map<string, Touched>();
  readonly #moves: LedgerMove[] = [];

  constructor(
    private readonly before: ReadonlyMap<string, LedgerOffer>,
    private readonly levelsBefore: ReadonlyMap<string, readonly LedgerLevel[]>,
  ) {}

  offer(offerId: string): LedgerOffer | undefined {
    return this.#offers.get(offerId) ?? this.before.get(offerId);
  }

  levelsOf(offerId: string): readonly LedgerLevel[] {
    return this.#levels.get(offerId) ?? this.levelsBefore.get(offerId) ?? [];
  }

  /** An empty level where there was none. */
  open(level: Pick<LedgerLevel, 'id' | 'offerId' | 'warehouseId'>): LedgerLevel {
    const opened = { ...level, onHand: 0, reserved: 0, version: 1 };
    this.#levels.set(level.offerId, [...this.levelsOf(level.offerId), opened]);
    return opened;
  }

  /** False when the level is none, or would hold less than nothing, or less than is reserved: nothing of it happens then. */
  move(move: LedgerMove): boolean {
    const { offerId, warehouseId, onHandDelta, reservedDelta, reason } = move;
    const levels = this.levelsOf(offerId);
    const level = levels.find((each) => each.warehouseId === warehouseId);
    if (!level) return false;
    const onHand = level.onHand + onHandDelta;
    const reserved = level.reserved + reservedDelta;
    if (onHand < reserved || reserved < 0) return false;
    const touched = this.#touched.get(offerId) ?? {
      ...{ previousAvailable: unitsOf(levels).available, warehouseIds: new Set<string>(), reason },
    };
    touched.warehouseIds.add(warehouseId);
    touched.reason = reason;
    this.#touched.set(offerId, touched);
    const moved = { ...level, onHand, reserved, version: level.version + 1 };
    this.#levels.set(
      offerId,
      levels.map((each) => (each === level ? moved : each)),
    );
    this.#moves.push(move);
    return true;
  }

  /** So many uses there are from now on, by the word of this number. */
  allow(offerId: string, allowed: number, sequence: number): void {
    const offer = this.offer(offerId);
    if (!offer?.allowance) throw new Error(`${offerId} is no allowance`);
    this.#offers.set(offerId, { ...offer, allowance: { ...offer.allowance, allowed, sequence } });
  }

  /** For the ledger alone. */
  end() {
    for (const offerId of new Set([...this.#touched.keys(), ...this.#offers.keys()])) this.#settle(offerId);
    return { levels: this.#levels, offers: this.#offers, touched: this.#touched, moves: this.#moves };
  }

  /**
   * Every change of an allowance ends with as many given as are allowed: units
   * that came back of a claim which stood in the way of a lower limit go at once.
   */
  #settle(offerId: string): void {
    const offer = this.offer(offerId);
    const [level] = this.levelsOf(offerId);
    if (!offer?.allowance || !level) return;
    const onHandDelta = grantOf(offer.allowance, level);
    if (onHandDelta === 0) return;
    const { warehouseId } = level;
    if (!this.move({ offerId, warehouseId, onHandDelta, reservedDelta: 0, reason: 'ADJUSTMENT' })) {
      throw new Error(`Allowance ${offerId} cannot be given ${onHandDelta}`);
    }
    const granted = offer.allowance.granted + onHandDelta;
    this.#offers.set(offerId, { ...offer, allowance: { ...offer.allowance, granted } });
  }
}

export function unitsOf(levels: readonly LedgerLevel[]): { available: number; onHand: number; reserved: number } {
  let [available, onHand, reserved] = [0, 0, 0];
  for (const level of levels) {
    available += availableIn(level);
    onHand += level.onHand;
    reserved += level.reserved;
  }
  return { available, onHand, reserved };
}

function keyOf({ offerId, warehouseId }: { offerId: string; warehouseId: string }): string {
  return `${offerId} ${warehouseId}`;
}
