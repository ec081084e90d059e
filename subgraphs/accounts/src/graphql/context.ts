import type { RequestContext } from '@marketgraph/platform/graphql';
import type { CommandDeps } from '../commands/deps.ts';
import type { Loaders } from './loaders.ts';

export interface AccountsContext extends RequestContext {
  loaders: Loaders;
  commands: CommandDeps;
}
