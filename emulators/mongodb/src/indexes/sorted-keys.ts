/** Chunks are split at this size: inserting shifts at most so many entries. */
const MAX_CHUNK = 512;

interface Chunk<T> {
  keys: string[];
  values: T[];
}

/** Half-open: from (inclusive) to (exclusive). */
export interface KeyRange {
  from: string;
  to: string;
}

/**
 * A sorted map from unique strings to values: an array of sorted chunks. Appending at the end, which is what ids and
 * times do, fills chunks completely.
 */
export class SortedKeys<T> {
  #chunks: Chunk<T>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  set(key: string, value: T): void {
    const chunk = this.#chunks[this.#chunkFor(key)];
    if (!chunk) {
      this.#chunks.push({ keys: [key], values: [value] });
      this.#size++;
      return;
    }
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    this.#size++;
    if (at === chunk.keys.length) {
      chunk.keys.push(key);
      chunk.values.push(value);
    } else {
      chunk.keys.splice(at, 0, key);
      chunk.values.splice(at, 0, value);
    }
    if (chunk.keys.length > MAX_CHUNK) this.#split(chunk, at === chunk.keys.length - 1);
  }

  delete(key: string): boolean {
    const index = this.#chunkFor(key);
    const chunk = this.#chunks[index];
    if (!chunk) return false;
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] !== key) return false;
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    this.#size--;
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
    return true;
  }

  /** The first value whose key is not below `from`, if that key begins with it. */
  firstWithPrefix(prefix: string): T | undefined {
    let index = this.#chunkFor(prefix);
    let chunk = this.#chunks[index];
    if (!chunk) return undefined;
    let at = lowerBound(chunk.keys, prefix);
    if (at === chunk.keys.length) {
      chunk = this.#chunks[++index];
      at = 0;
    }
    return chunk?.keys[at]?.startsWith(prefix) ? chunk.values[at] : undefined;
  }

  *scan({ from, to }: KeyRange, isReverse = false): Generator<T> {
    if (isReverse) yield* this.#scanBackward(from, to);
    else yield* this.#scanForward(from, to);
  }

  /** Number of keys in the range, without visiting them. */
  count({ from, to }: KeyRange): number {
    return Math.max(0, this.#rank(to) - this.#rank(from));
  }

  *#scanForward(from: string, to: string): Generator<T> {
    let index = this.#chunkFor(from);
    let at = lowerBound(this.#chunks[index]?.keys ?? [], from);
    for (; index < this.#chunks.length; index++, at = 0) {
      const { keys, values } = this.#chunks[index] as Chunk<T>;
      for (; at < keys.length; at++) {
        if ((keys[at] as string) >= to) return;
        yield values[at] as T;
      }
    }
  }

  *#scanBackward(from: string, to: string): Generator<T> {
    let index = this.#chunkFor(to);
    let at = lowerBound(this.#chunks[index]?.keys ?? [], to) - 1;
    while (index >= 0) {
      const chunk = this.#chunks[index];
      for (; chunk && at >= 0; at--) {
        if ((chunk.keys[at] as string) < from) return;
        yield chunk.values[at] as T;
      }
      index--;
      at = (this.#chunks[index]?.keys.length ?? 0) - 1;
    }
  }

  #rank(key: string): number {
    const index = this.#chunkFor(key);
    let rank = lowerBound(this.#chunks[index]?.keys ?? [], key);
    for (let i = 0; i < index; i++) rank += (this.#chunks[i] as Chunk<T>).keys.length;
    return rank;
  }

  /** The last chunk that begins at or below the key, else the first one. */
  #chunkFor(key: string): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (((this.#chunks[middle] as Chunk<T>).keys[0] as string) <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #split(chunk: Chunk<T>, isAppending: boolean): void {
    const at = isAppending ? chunk.keys.length - 1 : chunk.keys.length >>> 1;
    const upper: Chunk<T> = { keys: chunk.keys.splice(at), values: chunk.values.splice(at) };
    this.#chunks.splice(this.#chunks.indexOf(chunk) + 1, 0, upper);
  }
}

function lowerBound(keys: string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
