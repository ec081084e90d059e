import { editDistance, prefixDistance } from './edit-distance.ts';

export type Candidate = { term: string; distance: number; documents: number };

/**
 * The words of one field with the number of documents that hold each: a copy in memory of the terms table. The search
 * for similar words is a scan, made short by a 32-bit signature of the letters a word
 * contains: one edit changes at most one letter on either side.
 */
export class Vocabulary {
  #slots = new Map<string, number>();
  #terms: string[] = [];
  #documents: number[] = [];
  #signatures = new Int32Array(1024);

  get size(): number {
    return this.#slots.size;
  }

  has(term: string): boolean {
    return (this.#documents[this.#slots.get(term) ?? -1] ?? 0) > 0;
  }

  /** Adds `delta` documents to the count of a word; a count that falls to zero hides the word. */
  add(term: string, delta: number): void {
    const slot = this.#slots.get(term);
    if (slot !== undefined) {
      this.#documents[slot] = Math.max(0, (this.#documents[slot] ?? 0) + delta);
      return;
    }
    if (delta <= 0) return;
    const added = this.#terms.length;
    if (added === this.#signatures.length) {
      const larger = new Int32Array(added * 2);
      larger.set(this.#signatures);
      this.#signatures = larger;
    }
    this.#slots.set(term, added);
    this.#terms.push(term);
    this.#documents.push(delta);
    this.#signatures[added] = signature(term);
  }

  /** Words within `limit` edits of `word` (of its beginning, when `prefix`), the word itself excluded. */
  near(word: string, limit: number, prefix: boolean): Candidate[] {
    const found: Candidate[] = [];
    const wanted = signature(word);
    const longest = prefix ? Number.POSITIVE_INFINITY : word.length + limit;
    for (let slot = 0; slot < this.#terms.length; slot += 1) {
      const letters = this.#signatures[slot] ?? 0;
      if (bitCount(wanted & ~letters) > limit) continue;
      if (!prefix && bitCount(letters & ~wanted) > limit) continue;
      const documents = this.#documents[slot] ?? 0;
      const term = this.#terms[slot] ?? '';
      if (documents === 0 || term.length < word.length - limit || term.length > longest || term === word) continue;
      const distance = prefix ? prefixDistance(word, term, limit) : editDistance(word, term, limit);
      // Distance 0 is a plain continuation of the prefix, which needs no typo search.
      if (distance > 0 && distance <= limit) found.push({ term, distance, documents });
    }
    return found;
  }
}

export function compareCandidates(a: Candidate, b: Candidate): number {
  return a.distance - b.distance || b.documents - a.documents || (a.term < b.term ? -1 : 1);
}

function signature(term: string): number {
  let bits = 0;
  for (let at = 0; at < term.length; at += 1) {
    const code = term.charCodeAt(at);
    if (code >= 97 && code <= 122) bits |= 1 << (code - 97);
    else if (code >= 48 && code <= 57) bits |= 1 << (26 + ((code - 48) % 5));
    else bits |= 1 << 31;
  }
  return bits;
}

function bitCount(bits: number): number {
  let value = bits - ((bits >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  return (((value + (value >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
