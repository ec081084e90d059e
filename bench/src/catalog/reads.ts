import { expectThat } from '@marketgraph/tests/story/report';
import type { Shelves } from './shelves.ts';

/** What a shop is read for. */
export interface Read {
  name: 'product page' | 'category list' | 'search' | 'suggestions';
  /** CPU of everything together per operation that it may cost, as shipped and with the cache off; against a peer's same work. */
  limitMs?: number;
  /** How long one caller waits for 95 of 100 answers at most, whatever the size of the catalog. */
  p95LimitMs?: number;
  /** What of the filled shop is asked for in turn. */
  inputsOf(shelves: Shelves): string[];
  /** The request that asks for it. */
  bodyFor(input: string): string;
  /** Throws unless the answer is the right one. */
  check(data: unknown, input: string): void;
}

const PAGE_SIZE = 20;

const PAGE = `query CatalogPage($slug: String!) {
  product(slug: $slug) {
    id slug title description brand
    category { id slug name parent { id slug name } }
    attributes { key label value unit }
    media { url altText }
    variants { id title options { key value } }
    featuredOffer { id }
    offers(first: 10) { edges { node {
      id sku
      price { amount currencyCode }
      availability { available status }
      vendor { id }
      variant { id }
    } } }
  }
}`;

const LIST = `query CatalogList($categoryId: ID!) {
  products(filter: { categoryId: $categoryId }, orderBy: { field: TITLE, direction: ASC }, first: ${PAGE_SIZE}) {
    edges { node {
      id slug title brand
      media { url altText }
      priceRange { min { amount currencyCode } max { amount currencyCode } }
    } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const SEARCH = `query CatalogSearch($query: String!) {
  searchProducts(query: $query, facets: ["brand", "category", "attributes.colour"], first: ${PAGE_SIZE}) {
    totalCount
    facets { key buckets { value count } }
    edges {
      matchedOffer { id price { amount currencyCode } }
      node { id slug title brand }
    }
  }
}`;

const SUGGEST = `query CatalogSuggest($prefix: String!) {
  searchSuggest(prefix: $prefix, first: 8) { text product { id slug } category { id } }
}`;
/** After so many letters somebody looks at what is suggested. */
const TYPED = [1, 2, 3, 4, 6, 8];

const body = (operationName: string, query: string, variables: object) =>
  JSON.stringify({ query, operationName, variables });

interface PageAnswer {
  product: {
    slug: string;
    category: { parent: { slug: string } | null };
    attributes: unknown[];
    media: unknown[];
    variants: unknown[];
    featuredOffer: { id: string } | null;
    offers: { edges: { node: { id: string; availability: { available: number; status: string } } }[] };
  } | null;
}

interface ListAnswer {
  products: { edges: { node: { title: string; priceRange: unknown } }[] };
}

interface SearchAnswer {
  searchProducts: {
    totalCount: number;
    facets: { buckets: { count: number }[] }[];
    edges: { node: { title: string }; matchedOffer: unknown }[];
  };
}

interface SuggestAnswer {
  searchSuggest: { text: string }[];
}

export const READS: readonly Read[] = [
  {
    name: 'product page',
    limitMs: 1.5,
    inputsOf: ({ pages }) => pages.map(({ slug }) => slug),
    bodyFor: (slug) => body('CatalogPage', PAGE, { slug }),
    check(data, slug) {
      const { product } = data as PageAnswer;
      const offers = product?.offers.edges.map(({ node }) => node) ?? [];
      expectThat(product?.slug === slug && product.category.parent !== null, 'Not the page asked for', data);
      expectThat(
        offers.length === 2 && offers.every(({ availability }) => availability.available > 0),
        'Not two offers in stock',
        data,
      );
      expectThat(
        offers.some(({ id }) => id === product.featuredOffer?.id),
        'Not a featured offer',
        data,
      );
      expectThat(
        [product.attributes, product.media, product.variants].every(({ length }) => length > 0),
        'Bare',
        data,
      );
    },
  },
  {
    name: 'category list',
    limitMs: 2,
    inputsOf: ({ categoryIds }) => categoryIds,
    bodyFor: (categoryId) => body('CatalogList', LIST, { categoryId }),
    check(data) {
      const nodes = (data as ListAnswer).products.edges.map(({ node }) => node);
      const titles = nodes.map(({ title }) => title.toLowerCase());
      expectThat(
        nodes.length > 0 && nodes.every(({ priceRange }) => priceRange !== null),
        'Not a list of what is sold',
        data,
      );
      expectThat(titles.join('\n') === titles.toSorted().join('\n'), 'Not sorted by name', titles);
    },
  },
  {
    name: 'search',
    limitMs: 4,
    p95LimitMs: 50,
    inputsOf: ({ words }) => words,
    bodyFor: (query) => body('CatalogSearch', SEARCH, { query }),
    check(data, query) {
      const { totalCount, facets, edges } = (data as SearchAnswer).searchProducts;
      expectThat(edges.length === Math.min(totalCount, PAGE_SIZE) && edges.length > 0, 'Not a full page', data);
      expectThat(facets.length === 3 && facets.every(({ buckets }) => buckets.length > 0), 'Not all facets', data);
      const title = edges[0]!.node.title.toLowerCase();
      expectThat(
        query.split(' ').every((word) => title.includes(word)),
        `Not found first by ${query}`,
        title,
      );
      expectThat(
        edges.every(({ matchedOffer }) => matchedOffer !== null),
        'Nobody sells a hit',
        data,
      );
    },
  },
  {
    name: 'suggestions',
    p95LimitMs: 50,
    inputsOf: ({ words }) => [...new Set(words.flatMap((word) => TYPED.map((length) => word.slice(0, length).trim())))],
    bodyFor: (prefix) => body('CatalogSuggest', SUGGEST, { prefix }),
    check(data, prefix) {
      const texts = (data as SuggestAnswer).searchSuggest.map(({ text }) => text.toLowerCase());
      expectThat(texts.length > 0 && new Set(texts).size === texts.length, 'Not a list of different things', texts);
      expectThat(
        texts.some((text) => ` ${text}`.includes(` ${prefix}`)),
        `Nothing begins like ${prefix}`,
        texts,
      );
    },
  },
];
