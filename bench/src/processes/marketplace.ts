import { resolve } from 'node:path';
import { type MarketplaceOptions, operatorAccess, startMarketplace } from '@marketgraph/launcher';
import { serveParent } from '../measure/serve-parent.ts';
import { UNLIMITED } from '../measure/unlimited.ts';

/**
 * The marketplace as the start command runs it, on stores that survive a power
 * loss, with one difference: emulators stand in for servers elsewhere, so here
 * they are processes of their own and what they cost is told apart.
 */
const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const shape = process.env['BENCH_SHAPE'] as MarketplaceOptions['shape'];

const marketplace = await startMarketplace({
  shape,
  port: 0,
  dataDir: process.env['BENCH_DATA_DIR'] ?? '',
  cacheDir: resolve(ROOT, '.cache', 'marketgraph'),
  emulatorProcesses: true,
  settings: {
    ...UNLIMITED,
    ...(JSON.parse(process.env['BENCH_SETTINGS'] ?? '{}') as Record<string, string>),
  },
});
const { stores, processes, url, operator } = marketplace;

serveParent({
  facts: {
    url,
    operator,
    stripe: { apiUrl: stores.stripe.url, publishableKey: stores.stripe.publishableKey },
    superuserUrl: stores.postgres.superuserUrl,
    redisUrl: stores.redis.admin,
    access: operatorAccess(stores),
    services: processes ? [...processes.services].map(([name, { pid }]) => ({ name, pid })) : [],
    stores: stores.describe().map(({ name, pid }) => ({ name, pid })),
  },
  stop: () => marketplace.stop(),
});
