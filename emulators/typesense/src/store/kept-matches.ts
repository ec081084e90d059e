/** Rows that a search found, with their scores. */
export type MatchedRows = { seqs: Uint32Array; scores: Float64Array };

const MAX_BYTES = 16 * 1024 * 1024;
const BYTES_PER_ROW = 12;
const BYTES_PER_ENTRY = 200;

/** What was found by words and a filter, until the collection is written to; what was asked for longest ago makes room. */
export class KeptMatches {
  readonly #kept = new Map<string, MatchedRows>();
  #bytes = 0;

  get(key: string): MatchedRows | undefined {
    const rows = this.#kept.get(key);
    if (rows !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, rows);
    }
    return rows;
  }

  set(key: string, rows: MatchedRows): void {
    const bytes = bytesOf(key, rows);
    if (bytes > MAX_BYTES / 4) return;
    this.#kept.set(key, rows);
    this.#bytes += bytes;
    for (const [oldest, its] of this.#kept) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytesOf(oldest, its);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}

function bytesOf(key: string, { seqs }: MatchedRows): number {
  return BYTES_PER_ENTRY + key.length * 2 + seqs.length * BYTES_PER_ROW;
}
