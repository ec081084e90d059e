import type { Hit, SearchAnswer, SearchIndex, SearchRequest } from '../clients/search-index.ts';
import { areSaid, hasSlips, isTakenLiterally, isWildGuess } from '../domain/corrected-query.ts';
import { embed, similarity } from '../domain/embedding.ts';
import type { AskedCode } from '../domain/product-code.ts';
import { anyOf } from '../domain/search-filter.ts';
import { byTaste } from '../domain/taste.ts';

type Wanted = Omit<SearchRequest, 'offset' | 'limit'>;

/** A search that has had its first look. */
export interface OpenSearch {
  version: string;
  found: number;
  facets: SearchAnswer['facets'];
  /** The hits are those that have the code asked for. */
  isByCode: boolean;
  /** What the index was asked in the end. */
  request: Wanted;
  /** The hits from this place on, at most so many. Fewer than asked for do not mean that there are no more. */
  read(position: number, size: number): Promise<{ hits: Hit[]; isLast: boolean }>;
}

/** So many hits are put into a person's own order; behind them comes everybody's. */
const PERSONAL_WINDOW = 60;
/** By so many of the first hits it is told what the index made of the words. */
const TELLING_HITS = 10;
/** Of what only means the same, these come into question. */
const NEIGHBOURS = 40;
const MAX_DISTANCE = 0.6;

/**
 * The first look of a search, which decides how the rest is asked for. Words
 * that the index has are all there is to it. A last word that nothing has is a
 * slip: its corrections are whole words before they are beginnings of longer
 * ones, and what only means the same stands behind them. Each page decides
 * alike, since a literal hit anywhere means that all hits are literal.
 *
 * What looks like the code of an article is looked up too: a GTIN is that article's
 * whatever else has these digits, while a sku, which a vendor chooses, counts only
 * where no words say it. So nobody comes first for `iphone15` by calling a sku that.
 */
export async function openSearch(
  index: SearchIndex,
  wanted: Wanted,
  options: {
    offset: number;
    size: number;
    likes: readonly number[] | null;
    isByRelevance: boolean;
    code: AskedCode | null;
    /** The words as they were written, where those that are wanted are without a plural. */
    written: string;
  },
): Promise<OpenSearch> {
  const { offset, size, isByRelevance, code, written } = options;
  const likes = isByRelevance && offset < PERSONAL_WINDOW ? options.likes : null;
  const page = likes ? { offset: 0, limit: PERSONAL_WINDOW } : { offset, limit: size };
  const asked = { ...wanted, hasEmbeddings: likes !== null };
  const { request, answer, isByCode = false } = await look(index, asked, page, { isByRelevance, code, written });
  const start = page.offset;
  const hits = likes
    ? byTaste(answer.hits, ({ document }) => similarity(likes, document.embedding ?? []))
    : answer.hits;
  return {
    version: answer.version,
    found: answer.found,
    facets: answer.facets,
    isByCode,
    request,
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
  singular: Wanted,
  page: { offset: number; limit: number },
  { isByRelevance, code, written }: { isByRelevance: boolean; code: AskedCode | null; written: string },
): Promise<{ request: Wanted; answer: SearchAnswer; isByCode?: boolean }> {
  const coded = code && ofCode(singular, code.code);
  const [first, byCode] = await index.search([{ ...singular, ...page }, ...(coded ? [{ ...coded, ...page }] : [])]);
  // What is no plural of anything may be a slip, and its last letter tells of what.
  const isPlural = written === singular.words || (await isLiteral(index, singular, first!));
  const wanted = isPlural ? singular : { ...singular, words: written };
  const worded = isPlural ? first! : await ask(index, { ...wanted, ...page });
  const named = coded && byCode!.found > 0 ? { request: coded, answer: byCode!, isByCode: true } : null;
  if (named) {
    const firstHits = { ...wanted, facetBy: undefined, offset: 0, limit: TELLING_HITS };
    const telling = page.offset === 0 ? worded : await ask(index, firstHits);
    if (code!.isGtin || !areSaid(wanted.words, matchedBy(telling))) return named;
  }
  const { request, answer } = await withoutGuesses(index, wanted, worded, page);
  if (wanted.words === '' || (await isLiteral(index, request, answer))) return { request, answer };
  const vector = { numbers: embed([{ text: wanted.words, weight: 1 }]), count: NEIGHBOURS, maxDistance: MAX_DISTANCE };
  const hasMeaning = isByRelevance && vector.numbers.some((number) => number !== 0);
  const inFull = async (asked: Wanted) => {
    const whole: Wanted = { ...asked, wholeWords: true };
    const wider: Wanted = hasMeaning ? { ...whole, vector } : whole;
    const [corrected, similar] = await index.search([
      { ...whole, facetBy: undefined, offset: 0, limit: TELLING_HITS },
      { ...wider, ...page },
    ]);
    return { wider, corrected: corrected!, similar: similar! };
  };
  let full = await inFull(request);
  if (request.maxTypos !== 1 && isWildGuess(wanted.words, matchedBy(full.corrected))) {
    full = await inFull({ ...request, maxTypos: 1 });
  }
  const { wider, corrected, similar } = full;
  if (similar.found > 0 && (corrected.found > 0 || answer.found === 0)) return { request: wider, answer: similar };
  return { request, answer };
}

function matchedBy({ hits }: SearchAnswer): string[][] {
  return hits.slice(0, TELLING_HITS).map(({ matched }) => matched);
}

/** What was found for other words than anybody meant is not shown: the same once more, with one slip per word. */
async function withoutGuesses(
  index: SearchIndex,
  wanted: Wanted,
  answer: SearchAnswer,
  page: { offset: number; limit: number },
): Promise<{ request: Wanted; answer: SearchAnswer }> {
  const isPlain = answer.hits.length > 0 && !hasSlips(wanted.words, matchedBy(answer));
  if (answer.found === 0 || isPlain) return { request: wanted, answer };
  // Behind the first page the first hits tell, so that all pages are of one list.
  const first = { ...wanted, facetBy: undefined, offset: 0, limit: TELLING_HITS };
  const telling = page.offset === 0 ? answer : await ask(index, first);
  if (!isWildGuess(wanted.words, matchedBy(telling))) return { request: wanted, answer };
  const careful: Wanted = { ...wanted, maxTypos: 1 };
  return { request: careful, answer: await ask(index, { ...careful, ...page }) };
}

/** Whatever has the code, narrowed down as the words would be. */
function ofCode(wanted: Wanted, code: string): Wanted {
  const filterBy = [wanted.filterBy, anyOf('codes', [code])].filter(Boolean).join(' && ');
  return { ...wanted, words: '', filterBy, sortBy: wanted.sortBy?.replace('_text_match:desc,', '') };
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
