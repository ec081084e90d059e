import type { RequestContext } from '@marketgraph/platform/graphql';
import type { CommandDeps } from '../commands/deps.ts';
import type { BestSold } from '../queries/best-sold.ts';
import type { Loaders } from './loaders.ts';

export interface SearchContext extends RequestContext {
  commands: CommandDeps;
  loaders: Loaders;
  bestSold: BestSold;
}
