import { runSubgraph } from '@marketgraph/platform/serve';
import { readInventoryConfig } from './config.ts';
import { createInventory } from './subgraph.ts';

await runSubgraph(
  { name: 'inventory', peers: ['catalog'], readConfig: readInventoryConfig, create: createInventory },
  process.env,
);
