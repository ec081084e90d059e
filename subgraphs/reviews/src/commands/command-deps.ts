import type { Clock, Ids } from '@marketgraph/platform/core';
import type { ReviewsStore } from '../store/reviews-store.ts';

export interface CommandDeps {
  store: ReviewsStore;
  clock: Clock;
  ids: Ids;
}
