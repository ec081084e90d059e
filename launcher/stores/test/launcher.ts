import { startStores, type StoreName } from '../src/stores.ts';

/** A launcher for the tests that kill one: starts stores, says where they are, waits. */
const [dataDir = '', cacheDir = '', only = '', processes = ''] = process.argv.slice(2);

try {
  const stores = await startStores({
    dataDir,
    cacheDir,
    only: only.split(',') as StoreName[],
    processes: processes === 'processes',
    useInstalled: false,
    log: console,
  });
  const urls = only.includes('postgres') ? { orders: stores.postgres.orders.ownerUrl } : {};
  process.send?.({ describe: stores.describe(), urls });
  process.on('SIGTERM', () => void stores.stop().then(() => process.exit(0)));
  setInterval(() => {}, 60_000);
} catch (error) {
  process.send?.({ failure: error instanceof Error ? { name: error.name, message: error.message } : String(error) });
  process.disconnect?.();
  process.exitCode = 1;
}
