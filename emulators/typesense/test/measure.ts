/**
 * Prints what the emulator does with many documents; nothing is asserted, the numbers depend on the machine.
 *
 *   node --conditions=source --import tsx test/measure.ts [documents] [products.ndjson]
 *
 * Without a file the products are made of invented words. With one, its products (name, description, brand, categories,
 * price, popularity) are repeated, each copy with a word of its own, and the queries are made of the words of the names.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SearchParams } from 'typesense/lib/Typesense/Types.js';
import { startEmulatorProcess } from './emulator-process.ts';
import { clientFor } from './target.ts';

type Product = {
  id: string;
  title: string;
  brand: string;
  description: string;
  categories: string[];
  price: number;
  stock: number;
  inStock: boolean;
  sales: number;
};

const API_KEY = 'measure';
const DOCUMENTS = Number(process.argv[2] ?? '100000');
const BATCH = 5_000;
const ROUNDS = 200;

const random = seeded(7);
const vocabulary = Array.from({ length: 12_000 }, (_, at) => spell(at));
const cumulative: number[] = [];
for (const at of vocabulary.keys()) cumulative.push((cumulative.at(-1) ?? 0) + 1 / (at + 3) ** 0.9);

type FileProduct = {
  name: string;
  description: string;
  brand?: string;
  categories: string[];
  price: number;
  popularity: number;
};

const file = process.argv[3];
const fileProducts =
  file === undefined
    ? []
    : readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as FileProduct);
const nameWords = fileProducts.flatMap((item) => item.name.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length > 2));

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function spell(at: number): string {
  const letters = Array.from({ length: 3 + Math.floor(random() * 7) }, () =>
    String.fromCharCode(97 + Math.floor(random() * 26)),
  );
  return letters.join('') + (at % 40 === 0 ? String(at) : '');
}

/** A word as texts have them: few very often, most rarely. */
function word(): string {
  if (nameWords.length > 0) return nameWords[pick(nameWords.length)] ?? '';
  const wanted = random() * (cumulative.at(-1) ?? 1);
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return vocabulary[low] ?? '';
}

function words(count: number): string {
  if (nameWords.length === 0) return Array.from({ length: count }, word).join(' ');
  const from = pick(nameWords.length - count);
  return nameWords.slice(from, from + count).join(' ');
}
const pick = (count: number): number => Math.floor(random() * count);

function product(at: number): Product {
  const model = fileProducts[at % Math.max(1, fileProducts.length)];
  if (model !== undefined) {
    return {
      id: `p${at}`,
      title: `${model.name} ${spell(at)}`,
      brand: model.brand ?? 'none',
      description: model.description,
      categories: model.categories,
      price: Math.round(model.price * (50 + pick(100))) / 100,
      stock: pick(100),
      inStock: random() < 0.8,
      sales: pick(100_000),
    };
  }
  const category = pick(50);
  return {
    id: `p${at}`,
    title: words(7),
    brand: `Brand ${pick(200)}`,
    description: words(25),
    categories: [`Category ${category}`, `Category ${category} sub ${pick(8)}`],
    price: Math.round(random() * 100_000) / 100,
    stock: pick(100),
    inStock: random() < 0.8,
    sales: pick(100_000),
  };
}

function typo(text: string): string {
  const at = 1 + pick(Math.max(1, text.length - 2));
  return `${text.slice(0, at)}${text[at + 1] ?? 'x'}${text[at] ?? 'y'}${text.slice(at + 2)}`;
}

const longWord = (): string => {
  for (;;) {
    const candidate = word();
    if (candidate.length >= 5) return candidate;
  }
};

const folder = await mkdtemp(join(tmpdir(), 'typesense-emulator-'));
const emulator = await startEmulatorProcess({ dataFile: join(folder, 'data.sqlite'), apiKey: API_KEY });
try {
  const client = clientFor(emulator.url, API_KEY);
  await client.collections().create({
    name: 'products',
    fields: [
      { name: 'title', type: 'string' },
      { name: 'brand', type: 'string', facet: true },
      { name: 'description', type: 'string' },
      { name: 'categories', type: 'string[]', facet: true },
      { name: 'price', type: 'float', facet: true },
      { name: 'stock', type: 'int32' },
      { name: 'inStock', type: 'bool', facet: true },
      { name: 'sales', type: 'int32' },
    ],
    default_sorting_field: 'sales',
  });
  const documents = client.collections<Product>('products').documents();

  // The heart beats in a thread of its own: this one is busy making products.
  const heartbeat = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     let slowest = 0;
     parentPort.once('message', () => { parentPort.postMessage(slowest); process.exit(); });
     (async () => { for (;;) { const from = performance.now(); await (await fetch(workerData)).text(); slowest = Math.max(slowest, performance.now() - from); } })();`,
    { eval: true, workerData: `${emulator.url}/health` },
  );
  let spent = 0;
  for (let at = 0; at < DOCUMENTS; at += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, DOCUMENTS - at) }, (_, offset) => product(at + offset));
    const from = performance.now();
    await documents.import(batch);
    spent += performance.now() - from;
  }
  const seconds = spent / 1_000;
  heartbeat.postMessage('stop');
  const [slowest] = (await once(heartbeat, 'message')) as [number];
  console.log(
    `import      ${Math.round(DOCUMENTS / seconds)} documents/s, slowest answer to another request ${slowest.toFixed(0)} ms`,
  );

  await measure('upsert', () => documents.upsert(product(pick(DOCUMENTS))));
  const search = (q: string, options: Partial<SearchParams<Product, string>>) =>
    documents.search({ q, query_by: 'title,brand,description', ...options }, {});
  await measure('one word', () => search(word(), {}));
  await measure('two words', () => search(words(2), {}));
  await measure('typo', () => search(typo(longWord()), {}));
  await measure('two words, typo', () => search(`${word()} ${typo(longWord())}`, {}));
  await measure('prefix 3', () => search(longWord().slice(0, 3), {}));
  await measure('prefix 1', () => search(longWord().slice(0, 1), {}));
  const filter_by = (): string =>
    `categories:=\`${product(pick(DOCUMENTS)).categories[0]}\` && price:[20..500] && inStock:true`;
  await measure('word, filter, sort', () => search(word(), { filter_by: filter_by(), sort_by: 'price:asc' }));
  await measure('word, 2 facets', () => search(word(), { facet_by: 'brand,categories' }));
  await measure('two words, 3 facets', () =>
    search(words(2), { facet_by: 'brand,categories,price(low:[0,100],mid:[100,500],high:[500,])' }),
  );
  await measure('buckets', () => search(word(), { sort_by: '_text_match(buckets: 10):desc,sales:desc' }));
  await measure('browse, filter, sort', () => search('*', { filter_by: filter_by(), sort_by: 'sales:desc' }));
  await measure('browse, 2 facets', () => search('*', { facet_by: 'brand,categories' }));
  const resident = (await client.metrics.retrieve()).typesense_memory_resident_bytes;
  console.log(`memory      ${Math.round(Number(resident) / 1024 / 1024)} MB`);

  async function measure(label: string, call: () => Promise<unknown>): Promise<void> {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = performance.now();
      await call();
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1).padStart(7);
    console.log(`${label.padEnd(22)} p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)} ms`);
  }
} finally {
  await emulator.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
