import type { RequestContext } from '@marketgraph/platform/graphql';
import type { PaymentsDeps } from '../commands/payments-deps.ts';
import type { Loaders } from './loaders.ts';

export interface PaymentsContext extends RequestContext {
  loaders: Loaders;
  deps: PaymentsDeps;
}
