import { notFound } from '../http/api-error.ts';
import type { Catalog, SynonymItem } from '../store/catalog.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { toTokens, type TokenRules } from '../text/tokens.ts';
import type { SearchParameters } from './parameters.ts';

// Two sets of large groups could otherwise multiply into thousands of spellings.
const MAX_VARIANTS = 50;

/** The other ways to say the query: every place where a synonym's words stand, with each of its other words. */
export function synonymVariants(input: {
  catalog: Catalog;
  index: SearchIndex;
  parameters: SearchParameters;
  tokens: readonly string[];
}): string[][] {
  const { catalog, index, parameters, tokens } = input;
  if (!parameters.synonyms || tokens.length === 0) return [];
  const variants: string[][] = [];
  for (const item of synonymItems(catalog, index, parameters)) {
    for (const { from, to } of replacements(item, index.rules)) {
      for (let at = 0; at + from.length <= tokens.length; at += 1) {
        if (!from.every((word, offset) => tokens[at + offset] === word)) continue;
        variants.push([...tokens.slice(0, at), ...to, ...tokens.slice(at + from.length)]);
        if (variants.length >= MAX_VARIANTS) return variants;
      }
    }
  }
  return variants;
}

function synonymItems(catalog: Catalog, index: SearchIndex, parameters: SearchParameters): SynonymItem[] {
  const known = new Map(catalog.synonymSets().map((set) => [set.name, set]));
  for (const name of parameters.synonymSets) {
    if (!known.has(name)) throw notFound(`Synonym set \`${name}\` not found.`);
  }
  const names = new Set([...parameters.synonymSets, ...index.schema.synonym_sets]);
  return [...names].flatMap((name) => known.get(name)?.items ?? []);
}

/** One way: the root becomes any of the words. Both ways: each word becomes any other. */
function replacements(item: SynonymItem, rules: TokenRules): { from: string[]; to: string[] }[] {
  const words = item.synonyms.map((synonym) => toTokens(synonym, rules)).filter((tokens) => tokens.length > 0);
  const roots = item.root === undefined ? words : [toTokens(item.root, rules)].filter((tokens) => tokens.length > 0);
  return roots.flatMap((from) => words.filter((to) => to !== from).map((to) => ({ from, to })));
}
