const MAX_EDITS = 2;
/** Shorter words are one edit from too much. */
const MIN_LENGTH = 4;

/**
 * What the buyer probably meant, from the words the hits really have: each word
 * that no hit contains is replaced by the nearest one they do contain. Null when
 * nothing had to be replaced.
 */
export function correctedQuery(query: string, matched: readonly (readonly string[])[]): string | null {
  const words = query.split(/\s+/).filter((word) => word !== '');
  // Most searches are spelled right, and the same few words stand in hit after hit.
  const found = [...new Set(matched.flat())].map(folded);
  if (words.every((word) => isFound(folded(word), found))) return null;
  const shown = new Map<string, string>();
  const fold = memoized((token) => {
    const word = folded(token);
    shown.set(word, token.toLowerCase());
    return word;
  });
  const counts = new Map<string, number>();
  for (const tokens of matched) {
    for (const token of new Set(tokens.map(fold))) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const corrected = words.map((word) => {
    const wanted = folded(word);
    if (isFound(wanted, found)) return word;
    const best = nearest(wanted, counts);
    return best === undefined ? word : shown.get(best)!;
  });
  return corrected.some((word, at) => word !== words[at]) ? corrected.join(' ') : null;
}

function isFound(wanted: string, tokens: readonly string[]): boolean {
  return wanted.length < MIN_LENGTH || tokens.some((token) => token.startsWith(wanted));
}

/**
 * Whether the last word of a query is in the words that hits have, or begins one
 * of them. Where not, the index took it for a slip, perhaps for one within the
 * beginning of a longer word.
 */
export function isTakenLiterally(query: string, matched: readonly (readonly string[])[]): boolean {
  const last = wordsOf(query).at(-1);
  if (last === undefined) return true;
  return [...new Set(matched.flat())].some((token) => folded(token).startsWith(last));
}

/** Whether some hit has all the words of a query, the last one perhaps as a beginning. */
export function areSaid(query: string, matched: readonly (readonly string[])[]): boolean {
  const words = wordsOf(query);
  return matched.some((tokens) => words.every((word) => tokens.some((token) => folded(token).startsWith(word))));
}

/** Whether the index read some word of a query as another one. */
export function hasSlips(query: string, matched: readonly (readonly string[])[]): boolean {
  const tokens = [...new Set(matched.flat())].map(folded);
  return !wordsOf(query).every((word) => isFound(word, tokens));
}

/** From here on two slips in one word leave enough of it to be recognized by. */
const SURE_LENGTH = 8;

/**
 * Whether the index took a word for another one that nobody would have meant by
 * it: two edits away, and of another first letter or, unless the word is long, of
 * another last one. People slip in the middle of words, and of any two short words
 * of a language many are two edits apart (`hello` and `cell`, `toaster` and `booster`).
 */
export function isWildGuess(query: string, matched: readonly (readonly string[])[]): boolean {
  const tokens = [...new Set(matched.flat())].map(folded).filter((token) => token !== '');
  const words = wordsOf(query);
  return words.some((word, at) => {
    if (isFound(word, tokens)) return false;
    const isLast = at === words.length - 1;
    const near = tokens.flatMap((token) => readings(word, token, isLast)).filter(({ edits }) => edits <= MAX_EDITS);
    return near.length > 0 && !near.some(({ text, edits }) => edits < MAX_EDITS || isLikely(word, text));
  });
}

/** What the index may have read for a word: a word, of the last one also the beginning of a longer one. */
function readings(word: string, token: string, isLast: boolean): { text: string; edits: number }[] {
  const lengths = [-2, -1, 0, 1, 2].map((more) => word.length + more).filter((length) => length < token.length);
  const texts = isLast ? [token, ...lengths.map((length) => token.slice(0, length))] : [token];
  return texts.map((text) => ({ text, edits: editDistance(word, text) }));
}

function isLikely(word: string, text: string): boolean {
  return word[0] === text[0] && (word.length >= SURE_LENGTH || word.at(-1) === text.at(-1));
}

/** Whether texts have each word of a query, whole: then it is one that makes sense to others too. */
export function hasEveryWord(query: string, texts: readonly string[]): boolean {
  const missing = new Set(wordsOf(query));
  // Mostly the first hit has them all.
  for (const text of texts) {
    if (missing.size === 0) return true;
    for (const word of wordsOf(text)) missing.delete(word);
  }
  return missing.size === 0;
}

/** Words as they are compared: in small letters, without accents, cut where the index cuts them. */
export function wordsOf(query: string): string[] {
  return query.split(/[\s/\-+&_|(),;:]+/).flatMap((word) => folded(word) || []);
}

function nearest(wanted: string, counts: ReadonlyMap<string, number>): string | undefined {
  const candidates = [...counts].flatMap(([token, count]) => {
    const edits = editDistance(wanted, token);
    return edits > 0 && edits <= MAX_EDITS ? [{ token, count, edits }] : [];
  });
  candidates.sort((a, b) => a.edits - b.edits || b.count - a.count || (a.token < b.token ? -1 : 1));
  return candidates[0]?.token;
}

function memoized(compute: (token: string) => string): (token: string) => string {
  const known = new Map<string, string>();
  return (token) => {
    let word = known.get(token);
    if (word === undefined) known.set(token, (word = compute(token)));
    return word;
  };
}

const ASCII_WORD = /^[a-z0-9]*$/;

function folded(text: string): string {
  // Most words need nothing of it.
  if (ASCII_WORD.test(text)) return text;
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Edits with neighbouring letters swapped as one: how people mistype. */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_EDITS) return MAX_EDITS + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}
