import { parseArgs } from 'node:util';
import { startTypesenseEmulator } from '@marketgraph/emulator-typesense';
import { typesenseIndex } from '../../src/clients/search-index.ts';
import { fill, measureQuality, type Quality, type Recall } from './measure.ts';
import { readProducts } from './products-file.ts';

const USAGE = `Measures what a search finds among the products of a file.

  pnpm search:quality --products FILE   NDJSON: name, description, brand, categories[], price, popularity per line
  --words N                             so many words of the titles are mistyped (400)
  --items N                             so many titles are looked for (all)
  --show                                questions without an answer among the first ten
  --json                                the figures as JSON

  Known items: the three words of each title that the fewest others have must find it; wanted is a mean reciprocal rank
  of 0.8. Typos: a word of the titles with one slip must find a product that has it; wanted are 95 % among the first ten.
  The index is an emulator's of its own in memory, or that of an empty Typesense at TYPESENSE_URL (TYPESENSE_API_KEY).
  Ends with 0 when both are reached, 1 when not, 2 when the file could not be read.
`;

const WANTED = { meanReciprocalRank: 0.8, recallAt10: 0.95 };

const { values } = parseArgs({
  options: {
    products: { type: 'string' },
    words: { type: 'string', default: '400' },
    items: { type: 'string', default: '1000000' },
    show: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help || !values.products) {
  process.stderr.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await run(values.products).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  });
}

async function run(file: string): Promise<number> {
  const products = await readProducts(file);
  const { index, stop } = await openIndex();
  try {
    await fill(index, products);
    const quality = await measureQuality(index, products, {
      words: Number(values.words),
      items: Number(values.items),
      onProgress: showProgress,
    });
    process.stdout.write(values.json ? `${JSON.stringify(quality, null, 2)}\n` : toText(quality));
    const isGood =
      quality.knownItems.meanReciprocalRank >= WANTED.meanReciprocalRank &&
      quality.oneTypo.recallAt10 >= WANTED.recallAt10;
    return isGood ? 0 : 1;
  } finally {
    await stop();
  }
}

async function openIndex() {
  const { TYPESENSE_URL: url, TYPESENSE_API_KEY: apiKey = '' } = process.env;
  if (url) {
    const index = typesenseIndex({ url, apiKey });
    if ((await index.versions()).length > 0)
      throw new Error(`${url} has an index of products already; use an empty one.`);
    return { index, stop: async () => {} };
  }
  const emulator = await startTypesenseEmulator({ apiKey: 'quality' });
  return { index: typesenseIndex({ url: emulator.url, apiKey: 'quality' }), stop: () => emulator.stop() };
}

function showProgress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done === all ? '\r\u001B[K' : `\r${done} of ${all} questions`);
}

function toText({ products, knownItems, oneTypo, twoTypos }: Quality): string {
  return [
    `${products} products`,
    row('known items', knownItems),
    row('one typo', oneTypo),
    row('two typos', twoTypos),
    '',
  ].join('\n');
}

function row(name: string, { asked, recallAt10, meanReciprocalRank, corrected, missed }: Recall): string {
  const figures = `${name.padEnd(12)} ${String(asked).padStart(6)} asked  recall@10 ${percent(recallAt10)}  MRR ${meanReciprocalRank.toFixed(3)}  correctedQuery right ${percent(corrected)}`;
  const shown = values.show
    ? missed.map(({ query, meant }) => `    ${query}${meant === null ? '' : ` (${meant})`}`)
    : [];
  return [figures, ...shown].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.padStart(7);
}
