/** Chunks are split at this size: sorting in touches at most so many entries per place. */
const MAX_CHUNK = 512;
/** What was added and not looked for yet is sorted in a moment later when there is so much of it: whoever has written it does not wait for that. */
const MANY_FRESH = 4_096;
/** And at once when there is so much: nobody who looks waits long for that. */
const MAX_FRESH = 16_384;

/** Fewer than this find their places one by one: for them a chunk is not written anew. */
const MIN_TOGETHER = 8;

/** More chunks than this are not counted one by one. */
const MAX_COUNTED = 16;

/** Of equal keys the lower number comes first. */
export interface Numbered {
  readonly number: number;
}

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
 * Values in the order of their keys, each under a key once: an array of sorted chunks. Appending at the end, which is
 * what ids and times do, fills chunks completely. What is added one after another is sorted in together, when somebody
 * looks: most of what an entry costs alone is finding its place.
 */
export class SortedKeys<T extends Numbered> {
  #chunks: Chunk<T>[] = [];
  #size = 0;
  #fresh: Chunk<T> = { keys: [], values: [] };

  get size(): number {
    this.#sortIn();
    return this.#size;
  }

  add(key: string, value: T): void {
    this.#fresh.keys.push(key);
    this.#fresh.values.push(value);
    if (this.#fresh.keys.length >= MAX_FRESH) this.#sortIn();
    else if (this.#fresh.keys.length === MANY_FRESH) sortLater(this);
  }

  /** What was added is sorted in. */
  settle(): void {
    this.#sortIn();
  }

  delete(key: string, value: T): boolean {
    this.#sortIn();
    const index = this.#chunkFor(key, value.number);
    const chunk = this.#chunks[index];
    if (!chunk) return false;
    const at = lowerBound(chunk, key, value.number);
    if (chunk.keys[at] !== key || chunk.values[at]?.number !== value.number) return false;
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    this.#size--;
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
    return true;
  }

  /** The first value whose key is not below `from`, if that key begins with it. */
  firstWithPrefix(prefix: string): T | undefined {
    this.#sortIn();
    let index = this.#chunkFor(prefix);
    let chunk = this.#chunks[index];
    if (!chunk) return undefined;
    let at = lowerBound(chunk, prefix);
    if (at === chunk.keys.length) {
      chunk = this.#chunks[++index];
      at = 0;
    }
    return chunk?.keys[at]?.startsWith(prefix) ? chunk.values[at] : undefined;
  }

  *scan({ from, to }: KeyRange, isReverse = false): Generator<T> {
    this.#sortIn();
    if (isReverse) yield* this.#scanBackward(from, to);
    else yield* this.#scanForward(from, to);
  }

  /**
   * Number of keys in the range, without visiting them: exact for a range of some chunks, and told from their average
   * for a wider one, so that it costs as much in a large collection as in a small one.
   */
  count({ from, to }: KeyRange): number {
    this.#sortIn();
    const [first, last] = [this.#chunkFor(from), this.#chunkFor(to)];
    const [start, end] = [this.#chunks[first], this.#chunks[last]];
    if (!start || !end || last < first) return 0;
    const before = lowerBound(start, from);
    const within = lowerBound(end, to);
    if (first === last) return Math.max(0, within - before);
    const chunks = last - first - 1;
    const between =
      chunks > MAX_COUNTED
        ? Math.round((chunks * this.#size) / this.#chunks.length)
        : this.#chunks.slice(first + 1, last).reduce((sum, { keys }) => sum + keys.length, 0);
    return start.keys.length - before + between + within;
  }

  *#scanForward(from: string, to: string): Generator<T> {
    let index = this.#chunkFor(from);
    const first = this.#chunks[index];
    let at = first ? lowerBound(first, from) : 0;
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
    const last = this.#chunks[index];
    let at = last ? lowerBound(last, to) - 1 : -1;
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

  /** The last chunk that begins below the place of the key, else the first one. */
  #chunkFor(key: string, number = LOWEST): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { keys, values } = this.#chunks[middle] as Chunk<T>;
      if (isBelow(keys[0] as string, (values[0] as T).number, key, number + 1)) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #sortIn(): void {
    const { keys, values } = this.#fresh;
    if (keys.length === 0) return;
    this.#fresh = { keys: [], values: [] };
    if (keys.length < MIN_TOGETHER) {
      for (const [at, key] of keys.entries()) this.#insert(key, values[at]!);
      return;
    }
    const order = keys.map((_, at) => at);
    order.sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : values[a]!.number - values[b]!.number));
    const fresh = { keys: order.map((at) => keys[at]!), values: order.map((at) => values[at]!) };
    for (let at = 0; at < order.length;) at = this.#merge(fresh, at);
  }

  #insert(key: string, value: T): void {
    const index = this.#chunkFor(key, value.number);
    const chunk = this.#chunks[index] ?? (this.#chunks[index] = { keys: [], values: [] });
    const at = lowerBound(chunk, key, value.number);
    if (chunk.keys[at] === key && chunk.values[at]!.number === value.number) return;
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    this.#size++;
    const isAppending = at === chunk.keys.length - 1;
    if (chunk.keys.length > MAX_CHUNK) {
      this.#chunks.splice(index, 1, ...inChunks(chunk, isAppending ? MAX_CHUNK : MAX_CHUNK / 2));
    }
  }

  /** Merges what belongs into one chunk; the answer is where the rest begins. */
  #merge({ keys, values }: Chunk<T>, from: number): number {
    const index = this.#chunkFor(keys[from]!, values[from]!.number);
    const chunk = this.#chunks[index] ?? { keys: [], values: [] };
    const next = this.#chunks[index + 1];
    const merged: Chunk<T> = { keys: [], values: [] };
    let taken = 0;
    let at = from;
    for (; at < keys.length; at++) {
      const [key, value] = [keys[at]!, values[at]!];
      if (next && !isBelow(key, value.number, next.keys[0]!, next.values[0]!.number)) break;
      const place = lowerBound(chunk, key, value.number, taken);
      for (; taken < place; taken++) append(merged, chunk.keys[taken]!, chunk.values[taken]!);
      const last = merged.keys.length - 1;
      const isThere =
        (chunk.keys[place] === key && chunk.values[place]!.number === value.number) ||
        (merged.keys[last] === key && merged.values[last]!.number === value.number);
      if (isThere) continue;
      append(merged, key, value);
      this.#size++;
    }
    const isAppending = taken === chunk.keys.length;
    for (; taken < chunk.keys.length; taken++) append(merged, chunk.keys[taken]!, chunk.values[taken]!);
    this.#chunks.splice(index, 1, ...inChunks(merged, isAppending ? MAX_CHUNK : MAX_CHUNK / 2));
    return at;
  }
}

const unsettled = new Set<Pick<SortedKeys<Numbered>, 'settle'>>();
let timer: NodeJS.Timeout | undefined;

/** One after another, with a look at what clients want in between. */
function sortLater(keys: Pick<SortedKeys<Numbered>, 'settle'>): void {
  unsettled.add(keys);
  timer ??= setTimeout(settleNext, 1).unref();
}

function settleNext(): void {
  timer = undefined;
  const [next] = unsettled;
  if (!next) return;
  unsettled.delete(next);
  next.settle();
  if (unsettled.size > 0) timer = setTimeout(settleNext, 1).unref();
}

/** Before every number there is. */
const LOWEST = -1;

function isBelow(key: string, number: number, otherKey: string, otherNumber: number): boolean {
  return key < otherKey || (key === otherKey && number < otherNumber);
}

function append<T>({ keys, values }: Chunk<T>, key: string, value: T): void {
  keys.push(key);
  values.push(value);
}

/** Whole when it is small enough, else in parts of this size. */
function inChunks<T>({ keys, values }: Chunk<T>, size: number): Chunk<T>[] {
  if (keys.length <= MAX_CHUNK) return [{ keys, values }];
  const chunks: Chunk<T>[] = [];
  for (let at = 0; at < keys.length; at += size) {
    chunks.push({ keys: keys.slice(at, at + size), values: values.slice(at, at + size) });
  }
  return chunks;
}

/** The first place, from `from` on, that is not below this key and number. */
function lowerBound<T extends Numbered>({ keys, values }: Chunk<T>, key: string, number = LOWEST, from = 0): number {
  let [low, high] = [from, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(keys[middle]!, values[middle]!.number, key, number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
