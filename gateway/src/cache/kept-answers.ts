import { LRUCache } from 'lru-cache';
import type { OperationDefinitionNode } from 'graphql';
import type { SubgraphAnswer, SubgraphFetch } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';
import { cacheOutcome } from './cache-use.ts';
import type { EntityStore, StoredEntity } from './entity-store.ts';
import type { NoteLookUps } from './cache-counts.ts';

/** A query as it was asked. */
export interface AskedQuery {
  /** Of a document that is prepared: the same object each time. */
  operation: OperationDefinitionNode;
  variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An answer that stands behind what one subgraph says, which is not kept: which products a search finds. */
export interface AnswerBehind {
  service: string;
  /** To be asked now, as whoever asks. */
  request: SubgraphFetch;
  /** The text, when the subgraph said what it had said before; nothing else it was made of may have changed. */
  after(answer: SubgraphAnswer): string | undefined;
}

/**
 * Whole answers that were put together from kept entities, as text. One is
 * good for as long as every entity in it is: it adds nothing to what is kept but
 * the work of putting it together.
 */
export interface KeptAnswers {
  /**
   * The text of the answer to this query, when it is known and this viewer may have it from here; or what has to be asked
   * first.
   */
  find(query: AskedQuery, context: GraphContext): string | AnswerBehind | undefined;
  /** An answer without errors has been written. Kept only when no subgraph was asked for it, or one for a root field. */
  keep(query: AskedQuery, context: GraphContext, text: string): void;
  clear(): void;
}

interface KeptAnswer {
  text: string;
  entities: readonly StoredEntity[];
  bytes: number;
  /** What was asked for it, and the data that it was answered. */
  behind: { service: string; request: SubgraphFetch; said: string } | null;
}

/** Of what the entities may take, so much more for their answers. */
const SHARE = 0.5;
const BYTES_PER_ENTITY = 8;
/** Longer variables belong to queries that nobody repeats. */
const MAX_VARIABLES_LENGTH = 2_000;

export function createKeptAnswers(options: {
  store: EntityStore;
  maxBytes: number;
  mayUse(context: GraphContext): boolean;
  note: NoteLookUps;
}): KeptAnswers {
  const { store, mayUse, note } = options;
  const answers = new LRUCache<string, KeptAnswer>({
    maxSize: Math.max(Math.floor(options.maxBytes * SHARE), 1),
    sizeCalculation: ({ bytes }, key) => bytes + key.length * 2,
  });
  const numbers = new WeakMap<OperationDefinitionNode, number>();
  let lastNumber = 0;

  const keyOf = ({ operation, variables }: AskedQuery): string | undefined => {
    let number = numbers.get(operation);
    if (number === undefined) numbers.set(operation, (number = lastNumber += 1));
    const given = variables ? JSON.stringify(variables) : '';
    return given.length > MAX_VARIABLES_LENGTH ? undefined : `${number} ${given}`;
  };

  return {
    find(query, context) {
      if (answers.size === 0 || query.operation.operation !== 'query') return undefined;
      const key = keyOf(query);
      const known = key === undefined ? undefined : answers.get(key);
      if (!known || !mayUse(context)) return undefined;
      if (!store.areFresh(known.entities)) {
        answers.delete(key!);
        return undefined;
      }
      const { text, entities, behind } = known;
      const given = (): string => {
        for (const { service } of entities) note(service, context, 'hit', 1);
        return text;
      };
      if (!behind) return given();
      const { service, request, said } = behind;
      return {
        service,
        request,
        after: ({ data, errors }) =>
          !errors?.length && store.areFresh(entities) && JSON.stringify(data) === said ? given() : undefined,
      };
    },
    keep(query, context, text) {
      if (query.operation.operation !== 'query') return;
      const behind = cacheOutcome(context) === 'hit' ? null : behindOf(context);
      if (behind === undefined) return;
      const key = keyOf(query);
      if (key === undefined) return;
      const entities = [...new Set(context.cacheUse!.entities)];
      const bytes = (text.length + (behind?.said.length ?? 0)) * 2 + entities.length * BYTES_PER_ENTITY;
      answers.set(key, { text, entities, bytes, behind });
    },
    clear: () => answers.clear(),
  };
}

/** Undefined: more was asked than one root field of one subgraph. Of somebody with an account every answer is another one. */
function behindOf({ viewer, cacheUse }: GraphContext): KeptAnswer['behind'] | undefined {
  if (!cacheUse || viewer.kind !== 'anonymous') return undefined;
  const { hit, miss, bypass, asked } = cacheUse;
  const [only] = asked;
  if (!only || hit === 0 || miss > 0 || bypass > 1) return undefined;
  const { service, request, answer } = only;
  if (!answer.data || answer.errors?.length || request.query.includes('_entities')) return undefined;
  return { service, request, said: JSON.stringify(answer.data) };
}

/** Where nothing is kept. */
export const noKeptAnswers: KeptAnswers = {
  find: () => undefined,
  keep: () => undefined,
  clear: () => undefined,
};
