import type { RequestContext } from '@marketgraph/platform/graphql';
import type { CommandDeps } from '../commands/command-deps.ts';
import type { Loaders } from './loaders.ts';

export interface ReviewsContext extends RequestContext {
  loaders: Loaders;
  commands: CommandDeps;
}
