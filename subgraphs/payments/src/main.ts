import { runSubgraph } from '@marketgraph/platform/serve';
import { readPaymentsConfig } from './config.ts';
import { createPayments } from './subgraph.ts';

await runSubgraph({ name: 'payments', peers: [], readConfig: readPaymentsConfig, create: createPayments }, process.env);
