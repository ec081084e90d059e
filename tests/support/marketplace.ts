import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Marketplace, type MarketplaceOptions, startMarketplace } from '@marketgraph/launcher';
import type { StoryGraph } from '../story/cast.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

export interface TestMarketplace extends Marketplace {
  readonly graph: StoryGraph;
  readonly dataDir: string;
}

export type TestMarketplaceOptions = Pick<MarketplaceOptions, 'shape'> & Partial<MarketplaceOptions>;

/** A whole marketplace on a free port, with nothing in it, for one test file. Its logs are shown when it does not start. */
export async function startTestMarketplace(options: TestMarketplaceOptions): Promise<TestMarketplace> {
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-e2e-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const marketplace = await startMarketplace({
      port: 0,
      dataDir,
      cacheDir: resolve(ROOT, '.cache', 'marketgraph'),
      durable: false,
      ...options,
    });
    const { url, operator, stores } = marketplace;
    return {
      ...marketplace,
      dataDir,
      graph: { url, operator, stripe: { apiUrl: stores.stripe.url, publishableKey: stores.stripe.publishableKey } },
      async stop() {
        await marketplace.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    const log = await readFile(join(dataDir, 'logs', `${options.shape}.log`), 'utf8').catch(() => '');
    await removeFolder();
    throw new Error(`The marketplace did not start. Its log ends:\n${log.slice(-4_000)}`, { cause: error });
  }
}

export async function withMarketplace<T>(
  options: TestMarketplaceOptions,
  work: (marketplace: TestMarketplace) => Promise<T>,
): Promise<T> {
  const marketplace = await startTestMarketplace(options);
  try {
    return await work(marketplace);
  } finally {
    await marketplace.stop();
  }
}
