import { runSubgraph } from '@marketgraph/platform/serve';
import { readSearchConfig } from './config.ts';
import { createSearch } from './subgraph.ts';

await runSubgraph(
  {
    name: 'search',
    peers: ['accounts', 'catalog', 'inventory', 'reviews'],
    readConfig: readSearchConfig,
    create: createSearch,
  },
  process.env,
);
