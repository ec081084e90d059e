import { badUserInput, encodeCursor, pageRequest } from '@marketgraph/platform/graphql';
import type { Redis } from '@marketgraph/platform/redis';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { availabilityIfKnown } from '../clients/availability.ts';
import { organizationPrices } from '../clients/organization-prices.ts';
import { FIELDS, type Hit, type SearchIndex, type SearchRequest } from '../clients/search-index.ts';
import type { ShownProducts } from '../clients/shown-products.ts';
import { correctedQuery, hasEveryWord } from '../domain/corrected-query.ts';
import { type Facet, facetField, MAX_FACETS, toFacet, toFacetBy } from '../domain/facets.ts';
import { cheapestFirst, chooseOffer, fittingOffers, type OfferWishes, withSpare } from '../domain/page-of-hits.ts';
import { askedCode, compactCode } from '../domain/product-code.ts';
import { type Narrowing, NOTHING, plainWords, toFilterBy, withoutPlural } from '../domain/search-filter.ts';
import { type SortName, toSortBy } from '../domain/sort-order.ts';
import { loadProducts, vendorsNear } from '../store/source-model.ts';
import { narrowedFacets } from './narrowed-facets.ts';
import { openSearch } from './open-search.ts';

export interface SearchQuestion {
  query?: string | null;
  filter: Narrowing & { near?: Circle | null };
  currency: string;
  facets: readonly string[];
  sort: SortName;
  first?: number | null;
  after?: string | null;
  /** Whose words are looked in first, and shown where they are found. */
  language?: string | null;
  /** For whom is bought: of a hit's offers the one that costs them least. */
  organizationId?: string | null;
  /** The direction of what the buyer likes, which lifts what is alike. */
  likes?: readonly number[] | null;
}

/** Degrees and kilometres. */
export interface Circle {
  lat: number;
  lon: number;
  radiusKm: number;
}

export interface FoundProduct {
  cursor: string;
  productId: string;
  offerId: string | null;
  highlights: Hit['highlights'];
  score: number | null;
}

export interface SearchPage {
  edges: FoundProduct[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  totalCount: number;
  facets: Facet[];
  correctedQuery: string | null;
  /** The names of the hits and of their categories have every word of the query, none of them only begun. */
  hasEveryWord: boolean;
  indexVersion: string;
  suppressedOutOfStock: number;
}

export interface SearchDeps {
  redis: Redis;
  index: SearchIndex;
  peers: SubgraphClient;
  shown: ShownProducts;
  log: Logger;
  requestId: string;
}

export const MAX_QUERY_LENGTH = 200;
/** Nobody reads further; a deeper page costs more with every step. */
const MAX_DEPTH = 1_000;
const MAX_VALUES = 100;
const MAX_ATTRIBUTE_FILTERS = 20;
const MAX_TEXT = 200;
/** Half around the globe. */
const MAX_RADIUS_KM = 20_000;
/** Nobody sells closer to a pole, and Redis knows no places there. */
const MAX_LATITUDE = 85;
const MAX_NEAR_VENDORS = 250;
/** More than this many goes at filling a page is not worth the wait. */
const MAX_ROUNDS = 4;
const MAX_ROUND = 150;
/** Of a hit that more sell, these are compared by an organization's prices. */
const MAX_PRICED = 10;

/**
 * A page of products a buyer can have now. The index proposes; inventory is
 * asked about the offers of each hit and the catalog about its product. What is
 * sold out or taken down since the index was written gives its place to the next
 * hit.
 */
export async function searchProducts(deps: SearchDeps, asked: SearchQuestion): Promise<SearchPage> {
  checkNarrowing(asked.filter);
  const question = { ...asked, filter: await withNearVendors(deps.redis, asked.filter) };
  const { limit, offset } = pageOf(question);
  const { organizationId } = question;
  const words = plainWords(checkedQuery(question.query));
  const code = askedCode(question.query ?? '');
  checkFacets(question);
  const wishes: OfferWishes = {
    ...question.filter,
    currency: question.currency,
    inStockOnly: question.filter.inStockOnly ?? true,
  };
  const wanted = await toRequest(deps, question, withoutPlural(words));
  const open = await openSearch(deps.index, wanted, {
    offset,
    size: roundSize(limit + 1),
    likes: question.likes ?? null,
    isByRelevance: question.sort === 'RELEVANCE',
    code,
    written: words,
  });
  const shown: FoundProduct[] = [];
  const matched: string[][] = [];
  const names: string[] = [];
  let position = offset;
  let suppressed = 0;
  let leftOut = 0;
  let isExhausted = false;

  for (let round = 0; round < MAX_ROUNDS && shown.length <= limit && !isExhausted; round += 1) {
    const size = roundSize(limit + 1 - shown.length);
    const { hits, isLast } = await open.read(position, size);
    isExhausted = isLast;
    const candidates = hits.map((hit) => ({ hit, offers: fittingOffers(hit.document, wishes) }));
    const offerIds = candidates.flatMap(({ offers }) => offers.map(({ id }) => id));
    const [available, shownIds, prices] = await Promise.all([
      availabilityIfKnown(deps.peers, offerIds, deps),
      deps.shown(hits.map(({ document }) => document.id)),
      organizationId
        ? organizationPrices(
            deps,
            candidates.flatMap(({ offers }) => offers.slice(0, MAX_PRICED)),
            organizationId,
          )
        : null,
    ]);
    const named = open.isByCode ? await offersNamed(deps.redis, hits, code!.code) : null;
    for (const { hit, offers } of candidates) {
      if (shown.length > limit) break;
      position += 1;
      // One vendor's price and another one's colour are not one offer, though the index knows both of the product.
      if (!shownIds.has(hit.document.id) || offers.length === 0) {
        leftOut += 1;
        continue;
      }
      matched.push(hit.matched);
      names.push(hit.document.title, hit.document.brand ?? '', ...hit.document.categories);
      if (question.language) names.push(hit.document[`title_${question.language}`] ?? '');
      const priced = prices ? cheapestFirst(offers, prices, wishes.currency) : offers;
      const preferred = named ? priced.toSorted((a, b) => Number(named.has(b.id)) - Number(named.has(a.id))) : priced;
      const { offerId, isShown } = chooseOffer(preferred, available, wishes.inStockOnly);
      if (isShown) shown.push(toFound(hit, offerId, position, question.language));
      else suppressed += 1;
    }
  }

  const narrowed = open.isByCode ? new Map() : await narrowedFacets(deps.index, open.request, question);
  const edges = shown.slice(0, limit);
  const last = edges.at(-1);
  return {
    edges,
    hasNextPage: shown.length > limit && last !== undefined && position <= MAX_DEPTH,
    hasPreviousPage: offset > 0,
    totalCount: Math.max(open.found - suppressed - leftOut, edges.length),
    facets: question.facets.map((key) => toFacet(key, question.currency, narrowed.get(key) ?? open.facets)),
    correctedQuery: correctedQuery(open.request.words, matched),
    hasEveryWord: hasEveryWord(words, names),
    indexVersion: open.version,
    suppressedOutOfStock: suppressed,
  };
}

/** Of hits that were found by a code the offers whose own it is, or their variant's. */
async function offersNamed(redis: Redis, hits: readonly Hit[], code: string): Promise<Set<string>> {
  const products = await loadProducts(
    redis,
    hits.map(({ document }) => document.id),
  );
  const named = products.flatMap(({ facts, offers }) => {
    const variants = new Set(
      (facts?.variants ?? []).filter(({ gtin }) => gtin && compactCode(gtin) === code).map(({ id }) => id),
    );
    return offers.filter(
      ({ facts: { sku, variantId } }) => compactCode(sku ?? '') === code || variants.has(variantId ?? ''),
    );
  });
  return new Set(named.map(({ id }) => id));
}

/** A circle stands for the vendors in it; with vendors named, for those of them. */
async function withNearVendors(redis: Redis, { near, ...filter }: SearchQuestion['filter']): Promise<Narrowing> {
  if (!near) return filter;
  const vendors = await vendorsNear(redis, { ...near, count: MAX_NEAR_VENDORS });
  return { ...filter, vendorIds: vendors.filter((id) => !filter.vendorIds || filter.vendorIds.includes(id)) };
}

/** A price in a currency that nothing has is asked of nothing. */
async function toRequest(
  { index }: SearchDeps,
  { filter, currency, facets, sort, language }: SearchQuestion,
  words: string,
): Promise<Omit<SearchRequest, 'offset' | 'limit'>> {
  const fields = facets.flatMap((key) => facetField(key, currency) ?? []);
  const hasPrice = typeof filter.priceMin === 'number' || typeof filter.priceMax === 'number';
  const needsPrice = hasPrice || sort.startsWith('PRICE') || facets.includes('price');
  const isWorded = Boolean(language) && words !== '';
  const own = needsPrice || isWorded ? await index.liveFields() : null;
  const title = `title_${language}`;
  const wordFields = isWorded && own?.has(title) ? { fields: inLanguage(title, `description_${language}`) } : {};
  if (!needsPrice || !own || own.has(`price_${currency}`)) {
    return {
      words,
      ...wordFields,
      filterBy: toFilterBy(filter, currency),
      sortBy: toSortBy(sort, { hasWords: words !== '', currency }),
      facetBy: toFacetBy(fields),
    };
  }
  return {
    words,
    ...wordFields,
    filterBy: hasPrice ? NOTHING : toFilterBy(filter, currency),
    sortBy: toSortBy(sort.startsWith('PRICE') ? 'RELEVANCE' : sort, { hasWords: words !== '', currency }),
    facetBy: toFacetBy(fields.filter((field) => !field.startsWith('price_'))),
  };
}

/** The buyer's own words as much as the ones a product was written in, which are all that some have. */
function inLanguage(title: string, description: string): readonly [string, number][] {
  return FIELDS.flatMap(([name, weight]): [string, number][] => {
    if (name === 'title')
      return [
        [title, weight],
        [name, weight],
      ];
    return name === 'description'
      ? [
          [description, weight],
          [name, weight],
        ]
      : [[name, weight]];
  });
}

/** A snippet is of the title, whichever language's: one of each, the buyer's own first. */
function ownHighlights(highlights: Hit['highlights'], language: string | null | undefined): Hit['highlights'] {
  if (!language) return highlights;
  const nameOf = (field: string) => (field.endsWith(`_${language}`) ? field.slice(0, -language.length - 1) : field);
  const own = highlights.toSorted((a, b) => Number(nameOf(a.field) === a.field) - Number(nameOf(b.field) === b.field));
  const named = own.map(({ field, snippet }) => ({ field: nameOf(field), snippet }));
  return named.filter(({ field }, at) => named.findIndex((one) => one.field === field) === at);
}

function roundSize(missing: number): number {
  return Math.min(withSpare(missing), MAX_ROUND);
}

function toFound(
  { document, highlights, score }: Hit,
  offerId: string | null,
  position: number,
  language: string | null | undefined,
): FoundProduct {
  const own = ownHighlights(highlights, language);
  return { cursor: encodeCursor([position]), productId: document.id, offerId, highlights: own, score };
}

/** A cursor says how many hits have been looked at, so that hidden ones are not looked at again. */
function pageOf({ first, after }: SearchQuestion): { limit: number; offset: number } {
  const { limit, after: key } = pageRequest({ first, after }, { arity: 1 });
  const [offset] = key ?? [0];
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0) {
    throw badUserInput('after is not a cursor of this list.');
  }
  if (offset > MAX_DEPTH) throw badUserInput(`A search shows its first ${MAX_DEPTH} products; narrow it down.`);
  return { limit, offset };
}

function checkedQuery(query: string | null | undefined): string {
  if (query && query.length > MAX_QUERY_LENGTH) {
    throw badUserInput(`query is longer than ${MAX_QUERY_LENGTH} characters.`);
  }
  return query ?? '';
}

function checkNarrowing(filter: SearchQuestion['filter']): void {
  const { categoryIds, vendorIds, priceMin, priceMax, ratingMin, attributes, near } = filter;
  if (near && !(Math.abs(near.lat) <= MAX_LATITUDE && Math.abs(near.lon) <= 180)) {
    throw badUserInput(`near is -${MAX_LATITUDE} to ${MAX_LATITUDE} degrees of latitude and -180 to 180 of longitude.`);
  }
  if (near && !(near.radiusKm > 0 && near.radiusKm <= MAX_RADIUS_KM)) {
    throw badUserInput(`radiusKm is more than 0 and at most ${MAX_RADIUS_KM}.`);
  }
  const values = [categoryIds, vendorIds, ...(attributes ?? []).map(({ anyOf }) => anyOf)];
  if (values.some((list) => list && list.length > MAX_VALUES)) {
    throw badUserInput(`At most ${MAX_VALUES} values at a time.`);
  }
  const texts = [...values.flatMap((list) => list ?? []), ...(attributes ?? []).map(({ key }) => key)];
  if (texts.some((text) => text.length > MAX_TEXT)) {
    throw badUserInput(`A value of a filter is longer than ${MAX_TEXT} characters.`);
  }
  if ((attributes?.length ?? 0) > MAX_ATTRIBUTE_FILTERS) {
    throw badUserInput(`At most ${MAX_ATTRIBUTE_FILTERS} attributes at a time.`);
  }
  if ((priceMin ?? 0) < 0 || (priceMax ?? 0) < 0) throw badUserInput('A price is not negative.');
  if (typeof priceMin === 'number' && typeof priceMax === 'number' && priceMin > priceMax) {
    throw badUserInput('priceMin is more than priceMax.');
  }
  if (typeof ratingMin === 'number' && !(ratingMin >= 0 && ratingMin <= 5)) {
    throw badUserInput('ratingMin is from 0 to 5.');
  }
}

function checkFacets({ facets, currency }: SearchQuestion): void {
  if (facets.length > MAX_FACETS) throw badUserInput(`At most ${MAX_FACETS} facets at a time.`);
  const unknown = facets.find((key) => key.length > MAX_TEXT || facetField(key, currency) === null);
  if (unknown !== undefined) {
    throw badUserInput(
      `No such facet: ${JSON.stringify(unknown.slice(0, 40))}. There are brand, category, vendor, price, rating, inStock and attributes.<key>.`,
    );
  }
}
