import { globalAgent as httpAgent } from 'node:http';
import { globalAgent as httpsAgent } from 'node:https';
import { graphqlError } from '@marketgraph/platform/graphql';
import { Client, Errors } from 'typesense';
import type { Named } from '../domain/beginnings.ts';
import type { FacetCounts } from '../domain/facets.ts';
import type { ProductDocument } from '../domain/product-document.ts';
import { collectionFields, FINGERPRINT, fieldsLike, isOwnField, WORD_SEPARATORS } from './collection-fields.ts';
import { leanPost } from './lean-post.ts';

type ClientOptions = ConstructorParameters<typeof Client>[0];

/** The port to Typesense: versions of the product index behind one name. */
export const ALIAS = 'products';
/** The synonym set that all versions share. */
const SYNONYMS = 'products';
const VERSION_PATTERN = /^products_v(\d+)$/;

export interface IndexVersion {
  version: string;
  documentCount: number;
  createdAt: Date;
}

/** What hits are made of: the long texts and the lists for counting stay where they are. */
const SHOWN_FIELDS = ['id', 'title', 'brand', 'categories', 'categoryIds', 'popularity', 'offers'] as const;

/** With the titles in the languages that were searched, and the embedding where it was asked for. */
export type HitDocument = Pick<ProductDocument, (typeof SHOWN_FIELDS)[number]> & { embedding?: number[] } & {
  [title: `title_${string}`]: string;
};

export interface Hit {
  document: HitDocument;
  score: number | null;
  highlights: { field: string; snippet: string }[];
  /** Words of the document that the query matched. */
  matched: string[];
}

export interface SearchAnswer {
  version: string;
  found: number;
  hits: Hit[];
  facets: FacetCounts[];
}

export interface SearchRequest {
  words: string;
  filterBy: string;
  sortBy?: string;
  facetBy?: string;
  offset: number;
  limit: number;
  /** Searched fields and their weights instead of all of them. */
  fields?: readonly [name: string, weight: number][];
  /** What this points to is found too; with words behind what has them. */
  vector?: { numbers: readonly number[]; count: number; maxDistance: number };
  /** Documents come with their embeddings. */
  hasEmbeddings?: boolean;
  /** Slips per word; 2 when absent. */
  maxTypos?: 1 | 2;
  /** The last word is not taken for the beginning of a longer one. */
  wholeWords?: boolean;
  /** Follows from what one person did: nobody else will ask it. */
  isPersonal?: boolean;
}

export interface SearchIndex {
  /** Answers come in the order of the requests; one call for up to 40 of them. */
  search(requests: readonly SearchRequest[]): Promise<SearchAnswer[]>;
  /** The names of the products that sold most, the best sold first. */
  bestSold(count: number): Promise<Named[]>;
  upsert(version: string, documents: readonly ProductDocument[]): Promise<Map<string, string>>;
  remove(version: string, ids: readonly string[]): Promise<void>;
  create(version: string, currencies: readonly string[]): Promise<void>;
  /** Whether the version has the fields that this code asks for. */
  isCurrent(version: string): Promise<boolean>;
  drop(version: string): Promise<void>;
  /** Which version answers searches; null when there is none yet. */
  live(): Promise<string | null>;
  goLive(version: string): Promise<void>;
  versions(): Promise<IndexVersion[]>;
  /** Of the fields that come with a currency or language those the version has: `price_EUR`, `title_de`. */
  ownFields(version: string): Promise<ReadonlySet<string>>;
  /** Those of the version that answers searches; null when there is none yet. */
  liveFields(): Promise<ReadonlySet<string> | null>;
  addOwnFields(version: string, names: readonly string[]): Promise<void>;
  export(version: string): Promise<ProductDocument[]>;
  /** Replaces all synonyms, for every version. */
  setSynonyms(synonyms: readonly { root?: string; synonyms: string[] }[]): Promise<void>;
  ping(): Promise<void>;
}

export const FIELDS: readonly [string, number][] = [
  ['title', 16],
  ['brand', 8],
  ['categories', 4],
  ['attributeTexts', 2],
  ['description', 1],
];
// Characters nobody types stand for the marks until the text around them is made safe. They are of ASCII: one letter from
// outside Latin-1 makes the whole answer twice as long in memory, and slower to write, to read and to parse.
const MARK_START = '\u0001';
const MARK_END = '\u0002';
/** Attributes of all kinds share one field, so this many values must do for all of them. */
const MAX_FACET_VALUES = 1_000;
/**
 * The server's own is 7. A shorter word with two slips finds other words too, but only where nothing has the word itself; and of
 * mistyped words most are shorter (`pnpm search:quality` measures what that costs: nothing among words that are right).
 */
const MIN_LENGTH_TWO_SLIPS = 5;
const SEARCH_TIMEOUT_S = 3;
/** A node that did not answer is left alone for so long while others do. */
const NODE_IS_AWAY_S = 15;
/** The server's own limit per call is 50. */
const MAX_SEARCHES = 40;
/** The server's own limit. */
const MAX_PER_PAGE = 250;
const NAME_FIELDS = ['id', 'title', 'brand', 'categories', 'categoryIds'];

/** `url` is of one server, or of each node of one cluster, with commas between them: each has everything, any may be asked. */
export function typesenseIndex({ url, apiKey }: { url: string; apiKey: string }): SearchIndex {
  // The client puts its paths behind the address as they are.
  const nodes = url.split(',').map((one) => ({ url: one.trim().replace(/\/$/, '') }));
  const connect = (connectionTimeoutSeconds: number, options: Partial<ClientOptions> = {}) =>
    new Client({
      ...{ nodes, apiKey, connectionTimeoutSeconds, healthcheckIntervalSeconds: NODE_IS_AWAY_S },
      ...{ numRetries: nodes.length, logLevel: 'silent', ...options },
      // Without them each import and export gets a connection to itself, which stays open and holds on to what was sent.
      ...{ httpAgent, httpsAgent },
    });
  const searching = connect(SEARCH_TIMEOUT_S, { axiosAdapter: leanPost() });
  const watching = connect(SEARCH_TIMEOUT_S);
  // An import of a large batch may take longer than anybody waits for a search.
  const writing = connect(30);
  const collection = (version: string) => writing.collections<ProductDocument>(version);
  const live = async () => {
    const alias = await writing.aliases(ALIAS).retrieve().catch(ignoreMissing);
    return alias?.collection_name ?? null;
  };
  const ownFields = async (version: string) => {
    const { fields } = await collection(version).retrieve();
    return new Set((fields ?? []).map(({ name }) => name).filter(isOwnField));
  };

  return {
    async search(requests) {
      const searches = requests.map((request) => ({ collection: ALIAS, ...toParameters(request) }));
      const parts = Array.from({ length: Math.ceil(searches.length / MAX_SEARCHES) }, (_, at) =>
        searches.slice(at * MAX_SEARCHES, (at + 1) * MAX_SEARCHES),
      );
      const answers = await available(() =>
        Promise.all(parts.map((part) => searching.multiSearch.perform<HitDocument[]>({ searches: part }, {}))),
      );
      return answers
        .flatMap(({ results }) => results as unknown as RawAnswer[])
        .map((answer, at) => toAnswer(answer, requests[at]!));
    },

    async bestSold(count) {
      const pages = Array.from({ length: Math.ceil(count / MAX_PER_PAGE) }, (_, at) => ({
        collection: ALIAS,
        q: '*',
        sort_by: 'popularity:desc',
        include_fields: NAME_FIELDS.join(','),
        offset: at * MAX_PER_PAGE,
        limit: Math.min(MAX_PER_PAGE, count - at * MAX_PER_PAGE),
      }));
      const { results } = await available(() => searching.multiSearch.perform<Named[]>({ searches: pages }, {}));
      return (results as unknown as RawAnswer<Named>[]).flatMap((answer) =>
        hitsOf(answer).map(({ document }) => document),
      );
    },

    async upsert(version, documents) {
      if (documents.length === 0) return new Map();
      const results = await collection(version)
        .documents()
        .import([...documents], { action: 'upsert', throwOnFail: false });
      return new Map(
        results.flatMap((result, at) => (result.success ? [] : [[documents[at]!.id, result.error] as const])),
      );
    },

    async remove(version, ids) {
      if (ids.length === 0) return;
      await collection(version)
        .documents()
        .delete({ filter_by: `id:[${ids.join(',')}]` });
    },

    async create(version, currencies) {
      try {
        await writing.collections().create({
          name: version,
          fields: collectionFields(currencies.map((currency) => `price_${currency}`)),
          token_separators: WORD_SEPARATORS,
          synonym_sets: [SYNONYMS],
          metadata: { fields: FINGERPRINT },
        });
      } catch (error) {
        // Another process was quicker; it made the same.
        if (!(error instanceof Errors.ObjectAlreadyExists)) throw error;
      }
    },

    async isCurrent(version) {
      const { metadata } = await collection(version).retrieve();
      return (metadata as { fields?: unknown } | undefined)?.fields === FINGERPRINT;
    },

    async drop(version) {
      await collection(version).delete().catch(ignoreMissing);
    },

    live,

    async goLive(version) {
      await writing.aliases().upsert(ALIAS, { collection_name: version });
    },

    async versions() {
      const all = await writing.collections().retrieve();
      return all
        .filter(({ name }) => VERSION_PATTERN.test(name))
        .map(({ name, num_documents: documentCount, created_at: createdAt }) => ({
          version: name,
          documentCount,
          createdAt: new Date(createdAt * 1_000),
        }))
        .toSorted((a, b) => numberOf(b.version) - numberOf(a.version));
    },

    ownFields,

    async liveFields() {
      const version = await live();
      return version === null ? null : ownFields(version);
    },

    async addOwnFields(version, names) {
      await collection(version).update({ fields: names.flatMap(fieldsLike) });
    },

    async export(version) {
      const lines = await collection(version).documents().export();
      return lines.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ProductDocument]));
    },

    async setSynonyms(synonyms) {
      const items = synonyms.map((synonym, at) => ({ id: `synonym-${at}`, ...synonym }));
      await writing.synonymSets(SYNONYMS).upsert({ items });
    },

    async ping() {
      const { ok } = (await watching.health.retrieve()) as { ok: boolean };
      if (!ok) throw new Error('Typesense is not well');
    },
  };
}

export function numberOf(version: string): number {
  return Number(VERSION_PATTERN.exec(version)?.[1] ?? 0);
}

interface RawMarks {
  snippet: string;
  matched_tokens: string[];
}

interface RawAnswer<Document = HitDocument> {
  error?: string;
  code?: number;
  found: number;
  request_params?: { collection_name?: string };
  facet_counts?: FacetCounts[];
  hits?: {
    document: Document;
    text_match?: number;
    /** By field; of a list all its values. */
    highlight?: Record<string, RawMarks | RawMarks[]>;
  }[];
}

function toParameters(request: SearchRequest) {
  const {
    words,
    filterBy,
    sortBy,
    facetBy,
    offset,
    limit,
    fields = FIELDS,
    wholeWords = false,
    maxTypos = 2,
    vector,
  } = request;
  return {
    q: words === '' ? '*' : words,
    query_by: fields.map(([name]) => name).join(','),
    query_by_weights: fields.map(([, weight]) => weight).join(','),
    num_typos: maxTypos,
    min_len_2typo: MIN_LENGTH_TWO_SLIPS,
    prefix: !wholeWords,
    // A word is corrected, and dropped, only when nothing else is found.
    typo_tokens_threshold: 1,
    drop_tokens_threshold: 1,
    filter_by: filterBy,
    ...(sortBy ? { sort_by: sortBy } : {}),
    ...(facetBy ? { facet_by: facetBy, max_facet_values: MAX_FACET_VALUES } : {}),
    offset,
    limit,
    // The same once more, in an older form.
    enable_highlight_v1: false,
    highlight_start_tag: MARK_START,
    highlight_end_tag: MARK_END,
    ...(vector
      ? {
          vector_query: `embedding:([${vector.numbers.join(',')}], k: ${vector.count}, distance_threshold: ${vector.maxDistance})`,
        }
      : {}),
    include_fields: shownFields(fields, request.hasEmbeddings ?? false),
  };
}

function shownFields(searched: readonly (readonly [name: string, weight: number])[], hasEmbeddings: boolean): string {
  const titles = searched.flatMap(([name]) => (name.startsWith('title_') ? [name] : []));
  return [...SHOWN_FIELDS, ...titles, ...(hasEmbeddings ? ['embedding'] : [])].join(',');
}

function toAnswer(answer: RawAnswer, { fields = FIELDS }: SearchRequest): SearchAnswer {
  return {
    version: answer.request_params?.collection_name ?? ALIAS,
    found: answer.found,
    facets: answer.facet_counts ?? [],
    hits: hitsOf(answer).map(({ document, text_match: score, highlight = {} }) => {
      const marked = fields.flatMap(([field]) => {
        const values = [highlight[field] ?? []].flat().filter(({ matched_tokens: tokens }) => tokens.length > 0);
        return values.length > 0 ? [{ field, values }] : [];
      });
      return {
        document,
        score: score ?? null,
        highlights: marked.map(({ field, values }) => ({ field, snippet: safeSnippet(values[0]!.snippet) })),
        matched: marked.flatMap(({ values }) => values.flatMap(({ matched_tokens: tokens }) => tokens)),
      };
    }),
  };
}

function hitsOf<Document>(answer: RawAnswer<Document>): NonNullable<RawAnswer<Document>['hits']> {
  if (answer.error !== undefined) throw new Error(`Typesense refused a search (${answer.code}): ${answer.error}`);
  return answer.hits ?? [];
}

/** Vendors' text with nothing in it that a browser would obey, except our marks. */
export function safeSnippet(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(MARK_START, '<mark>')
    .replaceAll(MARK_END, '</mark>');
}

/** A search engine that is away is told as that, not as our own fault. */
async function available<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const status = error instanceof Errors.TypesenseError ? (error.httpStatus ?? 0) : 0;
    if (status >= 400 && status < 500) throw error;
    throw graphqlError('SUBGRAPH_UNAVAILABLE', 'Search is not available at the moment.', {
      service: 'search',
      retryable: true,
    });
  }
}

function ignoreMissing(error: unknown): null {
  if (error instanceof Errors.ObjectNotFound) return null;
  throw error;
}
