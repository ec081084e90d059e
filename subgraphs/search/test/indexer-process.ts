import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { silentLog } from '@marketgraph/platform/testing';
import type { SearchConfig } from '../src/config.ts';
import { createSearch } from '../src/subgraph.ts';

// A process of the search service for tests that kill it. It has events and nobody to ask.
const config = JSON.parse(process.env['SEARCH_TEST_CONFIG'] ?? '{}') as SearchConfig;
const peers = { call: (name: string) => Promise.reject(new SubgraphUnavailableError(name, 'unreachable')) };
const start = async (): Promise<void> => {
  const subgraph = await createSearch({ config, log: silentLog, peers });
  await subgraph.start();
  process.stdout.write('ready\n');
};
void start();
