import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Marketplace, startMarketplace } from '@marketgraph/launcher';
import colors from 'picocolors';
import type { StoryGraph } from './cast.ts';
import { playStory } from './play.ts';
import { printedReport } from './report.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

const { values } = parseArgs({
  options: {
    products: { type: 'string' },
    processes: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** The graph at GRAPH_URL, or one of our own that goes when the story ends. */
async function findGraph(): Promise<{ graph: StoryGraph; close(): Promise<void> }> {
  const { GRAPH_URL, STRIPE_API_URL, STRIPE_PUBLISHABLE_KEY, OPERATOR_EMAIL, OPERATOR_PASSWORD } = process.env;
  if (GRAPH_URL) {
    const kept = await readClientFacts();
    return {
      graph: {
        url: GRAPH_URL.replace(/\/(graphql)?$/, ''),
        operator: {
          email: OPERATOR_EMAIL ?? kept.operator?.email ?? 'operator@demo.example',
          password: OPERATOR_PASSWORD ?? kept.operator?.password ?? 'marketplace-demo',
        },
        stripe: {
          apiUrl: STRIPE_API_URL ?? kept.stripe?.apiUrl,
          publishableKey: STRIPE_PUBLISHABLE_KEY ?? kept.stripe?.publishableKey ?? '',
        },
      },
      close: async () => undefined,
    };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-story-'));
  const marketplace = await startMarketplace({
    shape: values.processes ? 'processes' : 'monolith',
    port: 0,
    dataDir,
    cacheDir: resolve(ROOT, '.cache', 'marketgraph'),
  });
  return {
    graph: graphOf(marketplace),
    async close() {
      await marketplace.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function graphOf({ url, operator, stores: { stripe } }: Marketplace): StoryGraph {
  return { url, operator, stripe: { apiUrl: stripe.url, publishableKey: stripe.publishableKey } };
}

/** What `start` writes for clients on this machine. */
async function readClientFacts(): Promise<Partial<StoryGraph>> {
  const file = resolve(ROOT, process.env['DATA_DIR'] ?? '.data', 'client.json');
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Partial<StoryGraph>;
}

if (values.help) {
  process.stdout.write(
    'pnpm story [--products FILE] [--processes]\n\nPlays on GRAPH_URL when it is set, else on a graph of its own.\n',
  );
} else {
  const { graph, close } = await findGraph();
  try {
    process.stdout.write(`The story is played on ${colors.cyan(graph.url)}\n`);
    await playStory(graph, { report: printedReport(), productsFile: values.products });
    process.stdout.write(`\n${colors.green('Everything was as promised.')}\n`);
  } catch (error) {
    process.stderr.write(
      `\n${colors.red('Not as promised:')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    if (error instanceof Error && error.cause) process.stderr.write(`${JSON.stringify(error.cause, null, 2)}\n`);
    process.exitCode = 1;
  } finally {
    await close();
  }
}
