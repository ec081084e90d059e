import { runSubgraph } from '@marketgraph/platform/serve';
import { readOrdersConfig } from './config.ts';
import { createOrders } from './subgraph.ts';

await runSubgraph(
  {
    name: 'orders',
    peers: ['accounts', 'catalog', 'inventory', 'payments'],
    readConfig: readOrdersConfig,
    create: createOrders,
  },
  process.env,
);
