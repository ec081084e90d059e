/** One question and which products answer it. */
export interface Question {
  query: string;
  /** What the buyer had in mind, when the query is a slip; null when there is nothing to correct. */
  meant: string | null;
  answers: ReadonlySet<string>;
}

interface Titled {
  productId: string;
  title: string;
}

/** So many words of a title are what somebody remembers of it. */
const TELLING_WORDS = 3;
const MIN_TYPO_LENGTH = 5;

/**
 * Known items: per title its most telling words, in the title's order: the
 * rarest one, then whichever leaves the fewest other titles, until only its own
 * is left. Products of the same title answer alike.
 */
export function knownItems(products: readonly Titled[]): Question[] {
  const byTitle = [...Map.groupBy(products, ({ title }) => title.toLowerCase()).values()];
  const having = new Map<string, Set<number>>();
  for (const [number, group] of byTitle.entries()) {
    for (const word of wordsOf(group[0]!.title)) having.set(word, (having.get(word) ?? new Set()).add(number));
  }
  return byTitle.flatMap((group) => {
    const words = [...new Set(wordsOf(group[0]!.title))].filter((word) => word.length > 1);
    const telling = tellingWords(words, having);
    const query = words.filter((word) => telling.has(word)).join(' ');
    return query === '' ? [] : [{ query, meant: null, answers: new Set(group.map(({ productId }) => productId)) }];
  });
}

function tellingWords(words: readonly string[], having: ReadonlyMap<string, ReadonlySet<number>>): Set<string> {
  const telling = new Set<string>();
  let left: ReadonlySet<number> | undefined;
  while (telling.size < Math.min(TELLING_WORDS, words.length) && (left === undefined || left.size > 1)) {
    const choices = words
      .filter((word) => !telling.has(word))
      .map((word) => ({ word, titles: left?.intersection(having.get(word)!) ?? having.get(word)! }));
    const best = choices.reduce((one, other) => (other.titles.size < one.titles.size ? other : one));
    telling.add(best.word);
    left = best.titles;
  }
  return telling;
}

/** Every word of the titles that is long enough to be mistyped, with the products that have it. */
export function typableWords(products: readonly Titled[]): Map<string, Set<string>> {
  const words = new Map<string, Set<string>>();
  for (const { productId, title } of products) {
    for (const word of wordsOf(title)) {
      if (word.length < MIN_TYPO_LENGTH || !/^\p{L}+$/u.test(word)) continue;
      const having = words.get(word) ?? new Set();
      words.set(word, having.add(productId));
    }
  }
  return words;
}

/**
 * Slips at so many places of each word, one kind after the other. A slip that is
 * itself the beginning of another word of the titles is none that a search could notice, and left out.
 */
export function typos(words: ReadonlyMap<string, ReadonlySet<string>>, edits: 1 | 2, count: number): Question[] {
  const all = [...words.keys()].toSorted();
  const chosen = spread(all, count);
  return chosen.flatMap((word, number) => {
    let query = word;
    for (let edit = 0; edit < edits; edit += 1) query = slip(query, number + edit * 2, edit);
    const isWord = all.some((other) => other.startsWith(query));
    return isWord || query === word ? [] : [{ query, meant: word, answers: words.get(word)! }];
  });
}

const NEIGHBOURS: Readonly<Record<string, string>> = {
  a: 's',
  b: 'v',
  c: 'x',
  d: 'f',
  e: 'r',
  f: 'g',
  g: 'h',
  h: 'j',
  i: 'o',
  j: 'k',
  k: 'l',
  l: 'k',
  m: 'n',
  n: 'b',
  o: 'p',
  p: 'o',
  q: 'w',
  r: 't',
  s: 'd',
  t: 'y',
  u: 'i',
  v: 'c',
  w: 'e',
  x: 'z',
  y: 'u',
  z: 'x',
};

/** One edit behind the first letter: left out, doubled, swapped, or the key beside it. */
function slip(word: string, number: number, edit: number): string {
  const letters = [...word];
  const at = 1 + ((number * 7 + edit * 3) % (letters.length - 2));
  switch (number % 4) {
    case 0:
      return letters.toSpliced(at, 1).join('');
    case 1:
      return letters.toSpliced(at, 0, letters[at]!).join('');
    case 2:
      return letters
        .with(at, letters[at + 1]!)
        .with(at + 1, letters[at]!)
        .join('');
    default:
      return letters.with(at, NEIGHBOURS[letters[at]!] ?? 'e').join('');
  }
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:[.'’][\p{L}\p{N}]+)*/gu) ?? [];
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)]!);
}
