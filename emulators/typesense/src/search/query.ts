import { toTokens, type TokenRules } from '../text/tokens.ts';

/** What the words of `q` ask for. */
export type Query = {
  wildcard: boolean;
  /** Words that may be completed, corrected and dropped. */
  tokens: string[];
  /** Texts in double quotes: exactly these words, in this order. */
  phrases: string[][];
  /** `-word` and `-"some words"`. */
  excluded: string[][];
};

// What stands behind the tenth word hardly narrows a search, and every word costs a look into the vocabulary.
const MAX_TOKENS = 10;

const PART = /(-?)"([^"]*)"|(\S+)/g;

export function parseQuery(q: string, rules: TokenRules): Query {
  const query: Query = { wildcard: false, tokens: [], phrases: [], excluded: [] };
  if (q.trim() === '*') return { ...query, wildcard: true };
  for (const [, minus, quoted, word = ''] of q.matchAll(PART)) {
    if (quoted !== undefined) addPhrase(query, toTokens(quoted, rules), minus === '-');
    else if (word.length > 1 && word.startsWith('-')) addPhrase(query, toTokens(word.slice(1), rules), true);
    else query.tokens.push(...toTokens(word, rules));
  }
  query.tokens = query.tokens.slice(0, MAX_TOKENS);
  query.phrases = query.phrases.slice(0, MAX_TOKENS);
  query.excluded = query.excluded.slice(0, MAX_TOKENS);
  // Only exclusions, or nothing but symbols: everything, less what is excluded.
  query.wildcard = query.tokens.length === 0 && query.phrases.length === 0;
  return query;
}

function addPhrase(query: Query, tokens: string[], excluded: boolean): void {
  if (tokens.length > 0) (excluded ? query.excluded : query.phrases).push(tokens.slice(0, MAX_TOKENS));
}
