import type { FloorOfferFragment } from '@marketgraph/schema/generated/operations';

export type StockMark = 'out' | 'low' | 'in';

export interface StockRow {
  offer: FloorOfferFragment;
  available: number;
  /** By how much it last moved while somebody watched. */
  delta: number | undefined;
  /** A number that grows with every move; 0: it has not moved. */
  movedAt: number;
}

/** So many offers are shown: those that run out first, then those that move. */
export const MAX_OFFERS = 60;

/** What is left of a vendor's offers. */
export class StockBoard {
  readonly #rows = new Map<string, StockRow>();
  #moves = 0;

  /** A mark that grows with every move: what is read after it is newer than the moves before it. */
  get moves(): number {
    return this.#moves;
  }

  get rows(): readonly StockRow[] {
    return [...this.#rows.values()].toSorted(byUrgency);
  }

  get needingAttention(): number {
    return this.rows.filter((row) => markOf(row) !== 'in').length;
  }

  /** An event: states, so the last one said is how it is. */
  move(offer: FloorOfferFragment, available: number, previous: number | null): void {
    this.#moves += 1;
    const delta = previous === null ? this.#rows.get(offer.id)?.delta : available - previous;
    this.#rows.set(offer.id, { offer, available, delta, movedAt: this.#moves });
    this.#keepFew();
  }

  /** What a list says that was asked for when there had been `since` moves. */
  merge(levels: readonly { offer: FloorOfferFragment; available: number }[], since: number): void {
    for (const { offer, available } of levels) {
      const known = this.#rows.get(offer.id);
      if (known && known.movedAt > since) continue;
      this.#rows.set(offer.id, { offer, available, delta: known?.delta, movedAt: known?.movedAt ?? 0 });
    }
    this.#keepFew();
  }

  #keepFew(): void {
    if (this.#rows.size <= MAX_OFFERS) return;
    for (const { offer } of this.rows.slice(MAX_OFFERS)) this.#rows.delete(offer.id);
  }
}

export function markOf({ available, offer }: Pick<StockRow, 'available' | 'offer'>): StockMark {
  if (available <= 0) return 'out';
  return available <= (offer.lowStockThreshold ?? 0) ? 'low' : 'in';
}

const RANK: Readonly<Record<StockMark, number>> = { out: 0, low: 1, in: 2 };

function byUrgency(a: StockRow, b: StockRow): number {
  return RANK[markOf(a)] - RANK[markOf(b)] || b.movedAt - a.movedAt || titleOf(a).localeCompare(titleOf(b), undefined);
}

export const titleOf = ({ offer }: Pick<StockRow, 'offer'>): string => offer.variant.product?.title ?? offer.sku;
