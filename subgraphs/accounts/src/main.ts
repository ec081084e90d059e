import { runSubgraph } from '@marketgraph/platform/serve';
import { readAccountsConfig } from './config.ts';
import { createAccounts } from './subgraph.ts';

await runSubgraph({ name: 'accounts', peers: [], readConfig: readAccountsConfig, create: createAccounts }, process.env);
