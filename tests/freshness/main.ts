import { parseArgs } from 'node:util';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { aRun, registerVendor, signIn, type Vendor } from '../story/cast.ts';
import { archiveProduct, listProduct } from '../story/listing.ts';
import { silentReport as report } from '../story/report.ts';
import { startTestMarketplace } from '../support/marketplace.ts';
import { Person } from '../support/person.ts';

const USAGE = `Measures how long after a change a search shows it, through the public port of a marketplace of its own.

  pnpm search:freshness [--times N] [--processes]

  N products (100) are published, repriced and taken down, one after another. Printed are the times from the answer of
  the mutation to the first search that shows it. Ends with 0 when 99 of 100 take at most 2,000 ms, 1 when not.
`;

const WANTED_MS = 2_000;
const GIVE_UP_MS = 30_000;
const PAUSE_MS = 20;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '100' },
    processes: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const times = Number(values.times);

if (values.help || !Number.isInteger(times) || times < 1 || times > 10_000) {
  process.stderr.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else process.exitCode = await run();

async function run(): Promise<number> {
  const marketplace = await startTestMarketplace({ shape: values.processes ? 'processes' : 'monolith' });
  const anyone = new Person('Anyone', marketplace.url);
  try {
    const operator = await signIn(marketplace.graph, 'Operator', marketplace.graph.operator);
    const vendor = await registerVendor(marketplace.graph, { name: 'Fresh Goods', run: aRun(), operator, report });
    const taken: Record<'published' | 'repriced' | 'taken down', number[]> = {
      published: [],
      repriced: [],
      'taken down': [],
    };
    for (let time = 0; time < times; time += 1) {
      const once = await changeOnce({ vendor, operator, anyone, priceMinor: 100_000 + time });
      for (const [change, ms] of Object.entries(once)) taken[change as keyof typeof taken].push(ms);
      if (process.stderr.isTTY) process.stderr.write(`\r${time + 1} of ${times}`);
    }
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
    for (const [change, all] of Object.entries(taken)) {
      const shown = [0.5, 0.99, 1].map((share) => `${quantile(all, share)} ms`);
      process.stdout.write(
        `${change.padEnd(11)} ${all.length} times  p50 ${shown[0]}  p99 ${shown[1]}  max ${shown[2]}\n`,
      );
    }
    return Object.values(taken).every((all) => quantile(all, 0.99) <= WANTED_MS) ? 0 : 1;
  } finally {
    await anyone.leave();
    await marketplace.stop();
  }
}

async function changeOnce({
  vendor,
  operator,
  anyone,
  priceMinor,
}: {
  vendor: Vendor;
  operator: Person;
  anyone: Person;
  priceMinor: number;
}) {
  const { productId, offerId, word } = await listProduct(vendor, operator, aRun());
  const publishedMs = performance.now();
  const found = async (filter: object = {}) =>
    (await anyone.ask(operations.SearchDocument, { query: word, filter })).searchProducts.edges.some(
      ({ node }) => node.id === productId,
    );
  const published = await untilShown(publishedMs, () => found());
  const { offerPriceSet } = await vendor.person.ask(operations.OfferPriceSetDocument, {
    id: offerId,
    price: { amount: priceMinor, currencyCode: 'EUR' },
    expectedVersion: 1,
  });
  if (offerPriceSet.userErrors.length > 0) throw new Error(JSON.stringify(offerPriceSet.userErrors));
  const repriced = await untilShown(performance.now(), () => found({ priceMin: priceMinor, priceMax: priceMinor }));
  await archiveProduct(vendor, productId);
  const takenDown = await untilShown(performance.now(), async () => !(await found()));
  return { published, repriced, 'taken down': takenDown };
}

async function untilShown(sinceMs: number, isShown: () => Promise<boolean>): Promise<number> {
  await until(isShown, { timeoutMs: GIVE_UP_MS, intervalMs: PAUSE_MS, what: 'the search to show it' });
  return Math.round(performance.now() - sinceMs);
}

function quantile(all: readonly number[], share: number): number {
  const sorted = all.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
