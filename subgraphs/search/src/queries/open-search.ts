import type { SearchAnswer, SearchIndex, SearchRequest } from '../clients/search-index.ts';
import { isTakenLiterally } from '../domain/corrected-query.ts';

type Wanted = Omit<SearchRequest, 'offset' | 'limit'>;

export interface Opening {
  /** How the rest of this search is asked for. */
  request: Wanted;
  answer: SearchAnswer;
}

/**
 * The first look of a search, which decides how it is asked: a last word that
 * nothing has is a slip, and then its corrections are whole words before they
 * are beginnings of longer ones. Each page decides alike, since a literal hit
 * anywhere means that all hits are literal.
 */
export async function openingOf(
  index: SearchIndex,
  wanted: Wanted,
  { offset, size }: { offset: number; size: number },
): Promise<Opening> {
  const page = { offset, limit: size };
  const answer = await ask(index, { ...wanted, ...page });
  if (wanted.words === '' || isLiteral(wanted, answer)) return { request: wanted, answer };
  const request = { ...wanted, wholeWords: true };
  const whole = await ask(index, { ...request, ...page });
  return whole.found > 0 ? { request, answer: whole } : { request: wanted, answer };
}

export async function ask(index: SearchIndex, request: SearchRequest): Promise<SearchAnswer> {
  const [answer] = await index.search([request]);
  return answer!;
}

function isLiteral({ words }: Wanted, { hits }: SearchAnswer): boolean {
  return (
    hits.length === 0 ||
    isTakenLiterally(
      words,
      hits.map(({ matched }) => matched),
    )
  );
}
