/**
 * Damerau–Levenshtein distance in its "optimal string alignment" form (insert, delete, replace, swap neighbours), with
 * a bound: anything above `limit` is answered as `limit + 1`, and most pairs are given up after a few letters.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  return align({ word: a, text: b, limit, wholeText: true });
}

/** The smallest distance between `word` and any beginning of `text`: a typo inside a word that is still being typed. */
export function prefixDistance(word: string, text: string, limit: number): number {
  if (text.length < word.length - limit) return limit + 1;
  return align({ word, text: text.slice(0, word.length + limit), limit, wholeText: false });
}

function align(input: { word: string; text: string; limit: number; wholeText: boolean }): number {
  const { word, text, limit } = input;
  const width = text.length;
  let beforeLast: number[] = [];
  let last: number[] = Array.from({ length: width + 1 }, (_, column) => column);
  for (let row = 1; row <= word.length; row += 1) {
    const current: number[] = [row];
    let best = row;
    for (let column = 1; column <= width; column += 1) {
      const same = word.charCodeAt(row - 1) === text.charCodeAt(column - 1);
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 &&
        column > 1 &&
        word.charCodeAt(row - 1) === text.charCodeAt(column - 2) &&
        word.charCodeAt(row - 2) === text.charCodeAt(column - 1);
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
      if (cost < best) best = cost;
    }
    // A swap looks two rows back, so one row above the limit is not yet the end; two are.
    if (best > limit && Math.min(...last) > limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  const distance = input.wholeText ? (last[width] ?? limit + 1) : Math.min(...last);
  return Math.min(distance, limit + 1);
}
