import { aRun, registerVendor, signIn } from '@marketgraph/tests/story/cast';
import { silentReport } from '@marketgraph/tests/story/report';
import { startCheckoutStage } from '../checkout/checkout-stage.ts';
import type { Build } from '../measure/child.ts';
import { type CpuParts, cpuPerOperation } from '../measure/cpu-parts.ts';
import type { Report } from '../measure/report.ts';
import { rounded } from '../measure/statistics.ts';
import { bareInserts } from './bare-inserts.ts';
import { feedTable } from './feed-table.ts';
import { importFeed } from './import-feed.ts';

export interface ImportBenchOptions {
  build: Build;
  /** Where it plays; of its own by default. */
  startStage?: typeof startCheckoutStage;
  smallRows: number;
  rows: number;
  say(text: string): void;
}

export const importBenchDefaults: Omit<ImportBenchOptions, 'say'> = {
  build: 'compiled',
  // The first thousands warm the process up: what it has after fewer says nothing of what a row costs.
  smallRows: 5_000,
  rows: 20_000,
};

/** The sizes that are promised. */
export const importBenchLong = { ...importBenchDefaults, smallRows: 10_000, rows: 100_000 };

const FOLLOW_MS = 30 * 60_000;

interface Feed {
  what: string;
  rows: number;
  created: number;
  perSecond: number;
  /** CPU per row in milliseconds, until everybody who listens has handled it. */
  cpuMs: CpuParts;
  megabytes: number;
}

/** A feed from its first byte at the public port to the last row in the shop, everything that follows from it running beside it. */
export async function benchImport(options: ImportBenchOptions): Promise<Report> {
  const { build, startStage = startCheckoutStage, smallRows, rows, say } = options;
  const stage = await startStage({ shape: 'monolith', build });
  try {
    const operator = await signIn(stage.graph, 'Operator', stage.graph.operator);
    const vendor = await registerVendor(stage.graph, { name: 'Bench', run: aRun(), operator, report: silentReport });
    const timed = async (what: string, count: number, prefix: string): Promise<Feed> => {
      await stage.quiet({ timeoutMs: FOLLOW_MS });
      const before = await stage.read();
      const { seconds, created } = await importFeed(vendor, 'CSV', feedTable(count, prefix));
      await stage.quiet({ timeoutMs: FOLLOW_MS });
      const after = await stage.read();
      const feed = {
        ...{ what, rows: count, created, perSecond: count / seconds },
        ...{ cpuMs: cpuPerOperation(before.cpu, after.cpu, count), megabytes: stage.nodeMegabytes() },
      };
      say(`  ${what}: ${count} rows in ${seconds.toFixed(1)} s, ${created} new; ${Math.round(feed.megabytes)} MB\n`);
      return feed;
    };
    const small = await timed('small', smallRows, 'SMALL');
    const large = await timed('large', rows, 'LARGE');
    const again = await timed('the same again', rows, 'LARGE');
    if (large.created !== rows || again.created !== 0) throw new Error(`${large.created} new, then ${again.created}`);
    const bare = await bareInserts(stage.access.mongodb.catalog, rows);
    await Promise.all([operator, vendor.person].map((person) => person.leave()));
    const bound = { of: 'bare inserts of as many products and offers', value: Math.round(bare) };
    return {
      name: 'import',
      figures: [
        {
          ...{ name: `${rows} rows, upload → last row`, value: Math.round(large.perSecond), limit: 1_500 },
          ...{ unit: 'rows/s', want: 'at least', bound },
        },
        {
          ...{ name: 'the same file again', value: Math.round(again.perSecond), limit: 3_000 },
          ...{ unit: 'rows/s', want: 'at least', bound },
        },
        {
          ...{ name: `memory of the services, ${smallRows} → ${rows} rows`, unit: 'MB more', limit: 100 },
          ...{ value: Math.round(large.megabytes - small.megabytes), want: 'at most' },
        },
      ],
      tables: [
        {
          title: 'A feed; CPU in ms per row, until everybody who listens has handled it',
          rows: [small, large, again].map(({ what, cpuMs, ...feed }) => ({
            feed: what,
            rows: feed.rows,
            'rows/s': Math.round(feed.perSecond),
            node: cpuMs.node.toFixed(2),
            postgres: cpuMs.postgres.toFixed(2),
            redis: cpuMs.redis.toFixed(2),
            'stand-ins': cpuMs.emulators.toFixed(2),
            'services, MB': Math.round(feed.megabytes),
          })),
        },
      ],
      notes: ['MongoDB and Typesense are stand-ins here: what a real server needs instead of them is not known.'],
      details: { small, large, again, bareRowsPerSecond: rounded(bare, 0) },
    };
  } finally {
    await stage.stop();
  }
}
