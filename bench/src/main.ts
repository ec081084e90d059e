import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCache, cacheBenchDefaults } from './cache/cache-bench.ts';
import { benchCatalog, catalogBenchDefaults } from './catalog/catalog-bench.ts';
import { benchCheckout, checkoutBenchDefaults } from './checkout/checkout-bench.ts';
import { benchFanOut, fanOutDefaults } from './fanout/fanout-bench.ts';
import { benchGateways, gatewayBenchDefaults } from './gateway/gateway-bench.ts';
import { benchImport, importBenchDefaults } from './import/import-bench.ts';
import { benchMarketplace } from './marketplace/marketplace-bench.ts';
import { benchPrices, pricesBenchDefaults } from './prices/prices-bench.ts';
import { machineFacts, printReport, type Report, writeReport } from './measure/report.ts';

/** `pnpm bench` runs all, `pnpm bench NAME …` those; `--sizes 1000,10000,100000` are those of the catalog. */
const say = (text: string) => void process.stdout.write(text);

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: 'string', default: catalogBenchDefaults.sizes.join(',') } },
});
const sizes = values.sizes.split(',').map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
  process.stderr.write(`--sizes are numbers of products, e.g. 1000,10000; not ${values.sizes}\n`);
  process.exit(2);
}

const BENCHMARKS: Readonly<Record<string, () => Promise<Report>>> = {
  gateway: () => benchGateways({ ...gatewayBenchDefaults, say }),
  fanout: () => benchFanOut({ ...fanOutDefaults, say }),
  cache: () => benchCache({ ...cacheBenchDefaults, say }),
  catalog: () => benchCatalog({ ...catalogBenchDefaults, sizes, say }),
  checkout: () => benchCheckout({ ...checkoutBenchDefaults, say }),
  import: () => benchImport({ ...importBenchDefaults, say }),
  marketplace: benchMarketplace,
  prices: () => benchPrices({ ...pricesBenchDefaults, say }),
};

const unknown = wanted.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(BENCHMARKS).join(', ')}\n`,
  );
  process.exit(2);
}

const { cpu, cores, memoryGigabytes, node } = machineFacts();
say(`${cores} × ${cpu}, ${memoryGigabytes} GB, Node ${node}\n`);
const reports: Report[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHMARKS)) {
  say(`\n▶ ${name}\n`);
  const report = await BENCHMARKS[name]!();
  reports.push(report);
  const file = await writeReport(report);
  say(`Written to ${relative(process.cwd(), file)}\n`);
}
for (const report of reports) printReport(report, say);
