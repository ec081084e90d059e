import type { Hit, SearchAnswer, SearchIndex, SearchRequest } from '../clients/search-index.ts';
import { isTakenLiterally } from '../domain/corrected-query.ts';
import { embed, similarity } from '../domain/embedding.ts';
import { byTaste } from '../domain/taste.ts';

type Wanted = Omit<SearchRequest, 'offset' | 'limit'>;

/** A search that has had its first look. */
export interface OpenSearch {
  version: string;
  found: number;
  facets: SearchAnswer['facets'];
  /** The hits from this place on, at most so many. Fewer than asked for do not mean that there are no more. */
  read(position: number, size: number): Promise<{ hits: Hit[]; isLast: boolean }>;
}

/** So many hits are put into a person's own order; behind them comes everybody's. */
const PERSONAL_WINDOW = 60;
/** Of what only means the same, these come into question. */
const NEIGHBOURS = 40;
const MAX_DISTANCE = 0.6;

/**
 * The first look of a search, which decides how the rest is asked for. Words
 * that the index has are all there is to it. A last word that nothing has is a
 * slip: its corrections are whole words before they are beginnings of longer
 * ones, and what only means the same stands behind them. Each page decides
 * alike, since a literal hit anywhere means that all hits are literal.
 */
export async function openSearch(
  index: SearchIndex,
  wanted: Wanted,
  options: { offset: number; size: number; likes: readonly number[] | null; isByRelevance: boolean },
): Promise<OpenSearch> {
  const { offset, size, isByRelevance } = options;
  const likes = isByRelevance && offset < PERSONAL_WINDOW ? options.likes : null;
  const page = likes ? { offset: 0, limit: PERSONAL_WINDOW } : { offset, limit: size };
  const { request, answer } = await look(index, { ...wanted, hasEmbeddings: likes !== null }, page, isByRelevance);
  const start = page.offset;
  const hits = likes
    ? byTaste(answer.hits, ({ document }) => similarity(likes, document.embedding ?? []))
    : answer.hits;
  return {
    version: answer.version,
    found: answer.found,
    facets: answer.facets,
    async read(position, count) {
      const from = position - start;
      if (from >= 0 && from < hits.length) {
        return {
          hits: hits.slice(from, from + count),
          isLast: hits.length < page.limit && from + count >= hits.length,
        };
      }
      if (hits.length < page.limit) return { hits: [], isLast: true };
      const more = await ask(index, {
        ...request,
        facetBy: undefined,
        hasEmbeddings: false,
        offset: position,
        limit: count,
      });
      return { hits: more.hits, isLast: more.hits.length < count };
    },
  };
}

async function look(
  index: SearchIndex,
  wanted: Wanted,
  page: { offset: number; limit: number },
  isByRelevance: boolean,
): Promise<{ request: Wanted; answer: SearchAnswer }> {
  const answer = await ask(index, { ...wanted, ...page });
  if (wanted.words === '' || (await isLiteral(index, wanted, answer))) return { request: wanted, answer };
  const whole: Wanted = { ...wanted, wholeWords: true };
  const vector = { numbers: embed([{ text: wanted.words, weight: 1 }]), count: NEIGHBOURS, maxDistance: MAX_DISTANCE };
  const hasMeaning = isByRelevance && vector.numbers.some((number) => number !== 0);
  const wider: Wanted = hasMeaning ? { ...whole, vector } : whole;
  const [corrected, similar] = await index.search([
    { ...whole, facetBy: undefined, offset: 0, limit: 1 },
    { ...wider, ...page },
  ]);
  if (similar!.found > 0 && (corrected!.found > 0 || answer.found === 0)) return { request: wider, answer: similar! };
  return { request: wanted, answer };
}

async function ask(index: SearchIndex, request: SearchRequest): Promise<SearchAnswer> {
  const [answer] = await index.search([request]);
  return answer!;
}

async function isLiteral(index: SearchIndex, wanted: Wanted, { hits, found }: SearchAnswer): Promise<boolean> {
  if (found === 0) return false;
  // Behind the last hit of the words alone, where only what means the same is left, the first hit must tell.
  const shown =
    hits.length > 0 ? hits : (await ask(index, { ...wanted, facetBy: undefined, offset: 0, limit: 1 })).hits;
  return isTakenLiterally(
    wanted.words,
    shown.map(({ matched }) => matched),
  );
}
