import type { GraphQLFormattedError } from 'graphql';
import type { SubgraphAnswer } from '../query/fetch.ts';

/** What a subgraph said of each representation it was asked for. */
export interface EntityAnswers {
  /** Null: it said nothing that can be used. */
  entities: readonly unknown[] | null;
  /** About one representation. */
  errorsAt: ReadonlyMap<number, readonly GraphQLFormattedError[]>;
  /** About none in particular. */
  errors: readonly GraphQLFormattedError[];
}

export function entityAnswers({ data, errors = [] }: SubgraphAnswer, count: number): EntityAnswers {
  const found = (data as { _entities?: unknown } | null | undefined)?._entities;
  const entities = Array.isArray(found) && found.length === count ? (found as unknown[]) : null;
  const errorsAt = new Map<number, GraphQLFormattedError[]>();
  const others: GraphQLFormattedError[] = [];
  for (const error of errors) {
    const index = error.path?.[0] === '_entities' ? error.path[1] : undefined;
    if (typeof index !== 'number') others.push(error);
    else errorsAt.set(index, [...(errorsAt.get(index) ?? []), error]);
  }
  return { entities, errorsAt, errors: others };
}

/** The same error about another representation of a larger question. */
export function errorAt(error: GraphQLFormattedError, index: number): GraphQLFormattedError {
  const { message, path = [], extensions } = error;
  return { message, path: ['_entities', index, ...path.slice(2)], ...(extensions ? { extensions } : {}) };
}
