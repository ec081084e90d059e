import { isActing, principalOf, type RequestContext } from '@marketgraph/platform/graphql';
import type { CartUser } from '../commands/load-cart.ts';
import type { Cause, Services } from '../commands/services.ts';
import { buysFor } from './access.ts';
import type { Loaders } from './loaders.ts';

/** What every resolver of this service gets. */
export interface OrdersContext extends RequestContext {
  services: Services;
  loaders: Loaders;
}

export function causeOf({ viewer, traceparent }: OrdersContext): Cause {
  const actorId = isActing(viewer) ? principalOf(viewer) : null;
  return { actorId, ...(traceparent ? { trace: traceparent } : {}) };
}

export function cartUserOf({ viewer }: OrdersContext, token?: string | null): CartUser {
  const userId = viewer.kind === 'user' ? viewer.userId : null;
  return { userId, token: token ?? null, organizationIds: buysFor(viewer) };
}
