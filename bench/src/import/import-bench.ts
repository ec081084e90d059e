import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aRun, registerVendor, signIn } from '@marketgraph/tests/story/cast';
import { silentReport } from '@marketgraph/tests/story/report';
import { startCommand } from '../marketplace/started-command.ts';
import type { Report } from '../measure/report.ts';
import { importFeed } from './import-feed.ts';

export interface ImportBenchOptions {
  smallRows: number;
  rows: number;
  say(text: string): void;
}

export const importBenchDefaults = { smallRows: 10_000, rows: 100_000 };

const WORDS = 'brass linen dimmable walnut marble tripod globe shade glass bulb warm steel'.split(' ');

/** A table as a vendor's tool writes it; the same for the same prefix. */
function table(rows: number, prefix: string): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const title = `${WORDS[index % 12]} ${WORDS[(index * 7) % 12]} thing, number ${index}`;
    const price = `${10 + (index % 90)}.${String(index % 100).padStart(2, '0')}`;
    const category = `Shelf ${index % 7} > Board ${index % 20}`;
    return `${prefix}-${index},"${title}",A sentence that says what it is and what for.,Brand ${index % 50},${category},${price}`;
  });
  return ['sku,title,description,brand,category,price', ...lines].join('\n');
}

/** A feed from its first byte at the public port to the last row in the shop, everything that follows from it running beside it. */
export async function benchImport({ smallRows, rows, say }: ImportBenchOptions): Promise<Report> {
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-bench-'));
  try {
    const market = await startCommand({ shape: 'monolith', dataDir });
    try {
      const operator = await signIn(market.graph, 'Operator', market.graph.operator);
      const cast = { name: 'Bench', run: aRun(), operator, report: silentReport };
      const vendor = await registerVendor(market.graph, cast);
      const timed = async (what: string, count: number, prefix: string) => {
        const { seconds, created } = await importFeed(vendor, 'CSV', table(count, prefix));
        const perSecond = Math.round(count / seconds);
        const megabytes = market.mainMegabytes();
        say(
          `${what}: ${count} rows in ${seconds.toFixed(1)} s, ${perSecond} rows/s, ${created} new; ${Math.round(megabytes)} MB\n`,
        );
        return { perSecond, megabytes };
      };
      const small = await timed('small', smallRows, 'SMALL');
      const large = await timed('large', rows, 'LARGE');
      const again = await timed('the same again', rows, 'LARGE');
      await Promise.all([operator, vendor.person].map((person) => person.leave()));
      return {
        name: 'import',
        figures: [
          {
            name: `${rows} rows, upload → last row`,
            value: large.perSecond,
            limit: 1_500,
            unit: 'rows/s',
            want: 'at least',
          },
          { name: 'the same file again', value: again.perSecond, limit: 3_000, unit: 'rows/s', want: 'at least' },
          {
            name: `memory of the services, ${smallRows} → ${rows} rows`,
            value: Math.round(large.megabytes - small.megabytes),
            limit: 100,
            unit: 'MB more',
            want: 'at most',
          },
        ],
        tables: [],
        details: { small, large, again },
      };
    } finally {
      await market.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
