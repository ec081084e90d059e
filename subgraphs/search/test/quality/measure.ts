import type { Redis } from '@marketgraph/platform/redis';
import { silentLog as log } from '@marketgraph/platform/testing';
import type { SearchIndex } from '../../src/clients/search-index.ts';
import { type ProductSources, toDocument } from '../../src/domain/product-document.ts';
import { searchProducts } from '../../src/queries/search-products.ts';
import { knownItems, type Question, typableWords, typos } from './questions.ts';

export interface Recall {
  asked: number;
  /** Of the questions, those with an answer among the first ten. */
  recallAt10: number;
  /** The mean of 1/rank, 0 when the answer is not among the first ten. */
  meanReciprocalRank: number;
  /** Of the questions, those for which `correctedQuery` is what was meant: null where nothing was wrong. */
  corrected: number;
  missed: { query: string; meant: string | null }[];
}

export interface Quality {
  products: number;
  knownItems: Recall;
  oneTypo: Recall;
  twoTypos: Recall;
}

const VERSION = 'products_v1';
const BATCH = 500;
const LOOKED_AT = 10;
const MAX_SHOWN = 20;

/** Fills an empty index with products. Rejects when the index refuses one of them. */
export async function fill(index: SearchIndex, products: readonly ProductSources[]): Promise<void> {
  await index.create(VERSION, ['EUR']);
  await index.goLive(VERSION);
  for (let at = 0; at < products.length; at += BATCH) {
    const documents = products.slice(at, at + BATCH).flatMap((product) => toDocument(product) ?? []);
    const [refused] = await index.upsert(VERSION, documents);
    if (refused) throw new Error(`${refused[0]} was refused: ${refused[1]}`);
  }
}

/** Asks the questions through the query that buyers use, everything being in stock. */
export async function measureQuality(
  index: SearchIndex,
  products: readonly ProductSources[],
  options: { words: number; items: number; onProgress?: (done: number, all: number) => void },
): Promise<Quality> {
  const titled = products.map(({ productId, facts }) => ({ productId, title: facts!.title }));
  const words = typableWords(titled);
  const items = knownItems(titled).slice(0, options.items);
  const one = typos(words, 1, options.words);
  const two = typos(words, 2, options.words);
  const all = items.length + one.length + two.length;
  let done = 0;
  const ask = async (questions: readonly Question[]): Promise<Recall> => {
    const found: { question: Question; rank: number; isCorrected: boolean }[] = [];
    for (const question of questions) {
      found.push(await answer(index, question));
      options.onProgress?.((done += 1), all);
    }
    const hits = found.filter(({ rank }) => rank > 0);
    return {
      asked: questions.length,
      recallAt10: hits.length / questions.length,
      meanReciprocalRank: hits.reduce((sum, { rank }) => sum + 1 / rank, 0) / questions.length,
      corrected: found.filter(({ isCorrected }) => isCorrected).length / questions.length,
      missed: found
        .filter(({ rank }) => rank === 0)
        .slice(0, MAX_SHOWN)
        .map(({ question: { query, meant } }) => ({ query, meant })),
    };
  };
  return { products: products.length, knownItems: await ask(items), oneTypo: await ask(one), twoTypos: await ask(two) };
}

async function answer(index: SearchIndex, question: Question) {
  const page = await searchProducts(
    { index, peers: inStock, redis: none, shown: everything, log, requestId: 'quality' },
    { query: question.query, filter: {}, currency: 'EUR', facets: [], sort: 'RELEVANCE', first: LOOKED_AT },
  );
  const rank = page.edges.findIndex(({ productId }) => question.answers.has(productId)) + 1;
  return { question, rank, isCorrected: page.correctedQuery === question.meant };
}

// Asked for nothing but places, which no question here has.
const none = {} as Redis;

const everything = async (ids: readonly string[]) => new Set(ids);

const inStock = {
  call: async <Data>(_: string, __: unknown, variables: Record<string, unknown> = {}): Promise<Data> =>
    ({ availability: (variables['ids'] as string[]).map((id) => ({ offer: { id }, available: 1 })) }) as Data,
};
