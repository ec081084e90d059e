import { runSubgraph } from '@marketgraph/platform/serve';
import { readReviewsConfig } from './config.ts';
import { createReviews } from './subgraph.ts';

await runSubgraph({ name: 'reviews', peers: [], readConfig: readReviewsConfig, create: createReviews }, process.env);
