import { runSubgraph } from '@marketgraph/platform/serve';
import { readCatalogConfig } from './config.ts';
import { createCatalog } from './subgraph.ts';

await runSubgraph(
  { name: 'catalog', peers: ['accounts'], readConfig: readCatalogConfig, create: createCatalog },
  process.env,
);
