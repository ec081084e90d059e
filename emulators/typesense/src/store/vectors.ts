import { type Field, isVector } from '../schema/field.ts';
import type { StoredDocument } from '../schema/document.ts';
import type { Database } from './database.ts';

export type Neighbour = { seq: number; distance: number };

/**
 * The vectors of one collection, in memory and scaled to length one. They are read from the documents when the first
 * search asks for them; a collection without such searches holds none.
 */
export class Vectors {
  readonly #db: Database;
  readonly #docs: string;
  readonly #fields: readonly Field[];
  readonly #loaded = new Map<string, Map<number, Float32Array>>();
  #pending: { seq: number; document: StoredDocument | undefined }[] = [];

  constructor(db: Database, docs: string, fields: readonly Field[]) {
    this.#db = db;
    this.#docs = docs;
    this.#fields = fields.filter(isVector);
  }

  /** A document is new, changed or (undefined) gone; takes effect with the commit. */
  put(seq: number, document: StoredDocument | undefined): void {
    if (this.#loaded.size > 0) this.#pending.push({ seq, document });
  }

  commit(): void {
    for (const [name, vectors] of this.#loaded) {
      for (const { seq, document } of this.#pending) keep(vectors, seq, document?.[name]);
    }
    this.#pending = [];
  }

  rollback(): void {
    this.#pending = [];
  }

  field(name: string): Field | undefined {
    return this.#fields.find((field) => field.name === name);
  }

  /** The vector of one document, as it is compared. */
  at(name: string, seq: number): Float32Array | undefined {
    return this.#of(name).get(seq);
  }

  /** The nearest of these rows (undefined: of all), nearest first; none further than `threshold`. */
  nearest(
    name: string,
    wanted: Float32Array,
    { among, count, threshold }: { among: readonly number[] | undefined; count: number; threshold: number },
  ): Neighbour[] {
    const vectors = this.#of(name);
    const found: Neighbour[] = [];
    for (const seq of among ?? vectors.keys()) {
      const vector = vectors.get(seq);
      if (vector === undefined) continue;
      const distance = cosineDistance(wanted, vector);
      if (distance <= threshold) found.push({ seq, distance });
    }
    return found.toSorted((a, b) => a.distance - b.distance || b.seq - a.seq).slice(0, count);
  }

  #of(name: string): Map<number, Float32Array> {
    let vectors = this.#loaded.get(name);
    if (vectors === undefined) {
      vectors = new Map();
      for (const row of this.#db.all(`SELECT seq, body FROM ${this.#docs}`)) {
        keep(vectors, Number(row['seq']), (JSON.parse(String(row['body'])) as StoredDocument)[name]);
      }
      this.#loaded.set(name, vectors);
    }
    return vectors;
  }
}

/** Scaled to length one, so that the distance of two is a sum of products. */
export function unitVector(numbers: readonly number[]): Float32Array {
  const length = Math.hypot(...numbers) || 1;
  return Float32Array.from(numbers, (number) => number / length);
}

function keep(vectors: Map<number, Float32Array>, seq: number, value: unknown): void {
  if (Array.isArray(value)) vectors.set(seq, unitVector(value as number[]));
  else vectors.delete(seq);
}

/** From 0, the same direction, to 2, the opposite one. */
function cosineDistance(a: Float32Array, b: Float32Array): number {
  let product = 0;
  for (let at = 0; at < a.length; at += 1) product += a[at]! * b[at]!;
  return Math.max(0, 1 - product);
}
