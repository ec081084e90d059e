import { Pool } from 'undici';

export interface Searched {
  searches: number;
  /** Anything but the answer there was before. */
  failed: number;
  /** The first of them. */
  failure?: string;
  latenciesMs: number[];
}

const QUERY = `query BenchSearch($query: String!) {
  searchProducts(query: $query, first: 20) { totalCount edges { node { id title } } } }`;

/** So many callers, each of whom asks for one of the words again and again until they are told to stop. */
export function startSearchers(
  url: string,
  { words, callers }: { words: ReadonlyMap<string, number>; callers: number },
): { stop(): Promise<Searched> } {
  const pool = new Pool(url, { connections: callers, pipelining: 1 });
  const all = [...words];
  const found: Searched = { searches: 0, failed: 0, latenciesMs: [] };
  let isStopping = false;
  const caller = async (): Promise<void> => {
    while (!isStopping) {
      const [query, expected] = all[found.searches % all.length]!;
      found.searches += 1;
      const begin = performance.now();
      const failure = await searchOnce(pool, query).then(
        ({ totalCount, text }) => (totalCount === expected ? undefined : text.slice(0, 300)),
        (error: unknown) => String(error),
      );
      found.latenciesMs.push(performance.now() - begin);
      if (failure === undefined) continue;
      found.failed += 1;
      found.failure ??= failure;
    }
  };
  const working = Promise.all(Array.from({ length: callers }, caller));
  let stopped: Promise<Searched> | undefined;
  return {
    stop: () =>
      (stopped ??= (async () => {
        isStopping = true;
        await working;
        await pool.close();
        return found;
      })()),
  };
}

/** How many products there are for each of these words. */
export async function countsOf(url: string, words: readonly string[]): Promise<Map<string, number>> {
  const pool = new Pool(url, { connections: 1, pipelining: 1 });
  try {
    const counts = new Map<string, number>();
    for (const word of words) {
      const { totalCount, text } = await searchOnce(pool, word);
      if (!totalCount) throw new Error(`Nothing is found for ${word}: ${text.slice(0, 300)}`);
      counts.set(word, totalCount);
    }
    return counts;
  } finally {
    await pool.close();
  }
}

async function searchOnce(pool: Pool, query: string): Promise<{ totalCount: number | undefined; text: string }> {
  const { body } = await pool.request({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: QUERY, variables: { query } }),
  });
  const text = await body.text();
  const { data, errors } = JSON.parse(text) as {
    data?: { searchProducts: { totalCount: number; edges: unknown[] } } | null;
    errors?: unknown;
  };
  const isWhole = errors === undefined && data?.searchProducts.edges.length !== 0;
  return { totalCount: isWhole ? data?.searchProducts.totalCount : undefined, text };
}
