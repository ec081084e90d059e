import type { MatchedRows } from '../store/kept-matches.ts';
import type { SearchIndex } from '../store/search-index.ts';
import type { RankedRow } from './rows.ts';
import type { SortOrder } from './sort.ts';

/** Whether rows can be put into this order by what is in memory: scores, and columns of numbers. */
export function isOrderOfNumbers({ keys, buckets }: SortOrder): boolean {
  return buckets === undefined && keys.every((key) => key.kind === 'score' || key.column !== undefined);
}

/** One page of the found rows in the order asked for; among equals the document added last comes first. */
export function topRows(input: {
  index: SearchIndex;
  rows: MatchedRows;
  order: SortOrder;
  limit: number;
  offset: number;
}): RankedRow[] {
  const { seqs, scores } = input.rows;
  const keys = input.order.keys.map((key) => {
    if (key.kind === 'score') return key.descending ? scores : scores.map((score) => -score);
    const { name, descending, missing } = key.column!;
    const column = input.index.columns.numbers(name);
    const absent = missing === 'first' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const values = new Float64Array(seqs.length);
    for (let at = 0; at < seqs.length; at += 1) {
      const value = column.at(seqs[at]!);
      if (Number.isNaN(value)) values[at] = absent;
      else values[at] = descending ? value : -value;
    }
    return values;
  });
  const compare = (a: number, b: number): number => {
    for (const key of keys) {
      const [one, other] = [key[a]!, key[b]!];
      if (one !== other) return one > other ? -1 : 1;
    }
    return seqs[b]! - seqs[a]!;
  };
  const best = firstOf(seqs.length, input.offset + input.limit, compare);
  return best.slice(input.offset).map((at) => ({ seq: seqs[at]!, score: scores[at]! }));
}

/** The first `wanted` of the places from 0 to `count`, in order: a heap of them with the last one on top. */
export function firstOf(count: number, wanted: number, compare: (a: number, b: number) => number): number[] {
  const places = Array.from({ length: Math.min(count, wanted) }, (_, at) => at);
  if (places.length === 0 || count <= wanted) return places.sort(compare);
  const sink = (from: number): void => {
    for (let at = from; ;) {
      let last = at;
      for (const child of [at * 2 + 1, at * 2 + 2]) {
        if (child < places.length && compare(places[child]!, places[last]!) > 0) last = child;
      }
      if (last === at) return;
      [places[at], places[last]] = [places[last]!, places[at]!];
      at = last;
    }
  };
  for (let at = places.length >> 1; at >= 0; at -= 1) sink(at);
  for (let at = places.length; at < count; at += 1) {
    if (compare(at, places[0]!) >= 0) continue;
    places[0] = at;
    sink(0);
  }
  return places.sort(compare);
}
