import { type ActingViewer, principalOf, type RequestContext } from '@marketgraph/platform/graphql';
import type { CommandDeps } from '../commands/command-deps.ts';
import type { Actor } from '../domain/ownership.ts';
import { sellsFor } from './access.ts';
import { createLoaders, type Loaders } from './loaders.ts';

export interface CatalogContext extends RequestContext {
  deps: CommandDeps;
  loaders: Loaders;
}

export function createCatalogContext(base: RequestContext, deps: CommandDeps): CatalogContext {
  return { ...base, deps, loaders: createLoaders(deps, base.selected) };
}

export function actorOf(context: CatalogContext, viewer: ActingViewer): Actor {
  return {
    userId: principalOf(viewer),
    actsFor: (vendorId) => sellsFor(viewer, vendorId),
    ...(context.traceparent ? { trace: context.traceparent } : {}),
  };
}

/** Runs a command; what was read before it is not believed after it. */
export async function runCommand<T>(context: CatalogContext, command: (deps: CommandDeps) => Promise<T>): Promise<T> {
  const outcome = await command(context.deps);
  context.loaders = createLoaders(context.deps, context.selected);
  return outcome;
}
