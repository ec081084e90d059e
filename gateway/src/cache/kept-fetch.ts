import { anonymous } from '@marketgraph/platform/graphql';
import type { GraphQLFormattedError } from 'graphql';
import type { FetchSubgraph, SubgraphAnswer, SubgraphFetch } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';
import type { NoteLookUps } from './cache-counts.ts';
import { type EntityAnswers, entityAnswers, errorAt } from './entity-answers.ts';
import { type EntityStore, type StoredEntity, UNNAMED } from './entity-store.ts';
import type { FetchShape } from './fetch-shape.ts';
import { isIdLike, idLikes, keep } from './kept-json.ts';

export interface KeptFetchParts {
  store: EntityStore;
  fetch: FetchSubgraph;
  note: NoteLookUps;
}

/** A fetch whose text has been found to be public. */
export interface PublicFetch {
  shape: FetchShape;
  service: string;
  request: SubgraphFetch;
  context: GraphContext;
}

const MAX_IDS_PER_KEY = 20;

/** Root fields: the answer as a whole. */
export async function fetchWhole(
  { store, fetch, note }: KeptFetchParts,
  { shape, service, request, context }: PublicFetch,
): Promise<SubgraphAnswer> {
  const key = `${service} ${shape.id} ${JSON.stringify(request.variables)}`;
  const known = store.get(key);
  note(service, context, known ? 'hit' : 'miss', 1);
  if (known) {
    context.cacheUse?.entities.push(known);
    return { data: known.value as object };
  }

  const askedAt = store.now();
  const answer = await fetch(service, request, asNobody(context));
  if (!isComplete(answer)) {
    return isAway(answer) || context.viewer.kind !== 'user' ? answer : fetch(service, request, context);
  }
  const named = shape.idVariables.map((name) => request.variables[name]).filter(isIdLike);
  const kept = keep(answer.data, shape.idNames);
  for (const id of [...named, ...shape.ids]) kept.ids.add(id);
  if (shape.isUnnamed || named.length < shape.idVariables.length) kept.ids.add(UNNAMED);
  store.put(key, { ...kept, service, askedAt, maxAgeMs: shape.maxAgeMs });
  return answer;
}

/** A null may be something that this viewer sees and others do not. */
function isComplete({ data, errors = [] }: SubgraphAnswer): boolean {
  return data != null && errors.length === 0 && Object.values(data).every((value) => value !== null);
}

const AWAY: ReadonlySet<unknown> = new Set(['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_TIMEOUT']);

/** The subgraph said nothing, to whomever. */
function isAway({ data, errors = [] }: SubgraphAnswer): boolean {
  return data == null && errors.some(({ extensions }) => AWAY.has(extensions?.['code']));
}

/** Equal representations: the key of what is kept of them, and their places in the list. */
type Group = readonly [key: string, places: number[]];

/** Entities by their keys: each for itself, and only those not known are asked for. */
export async function fetchEntities(parts: KeptFetchParts, target: PublicFetch): Promise<SubgraphAnswer> {
  const { store, fetch, note } = parts;
  const { shape, service, request, context } = target;
  const { [shape.representations!]: list, ...others } = request.variables;
  if (!Array.isArray(list)) return fetch(service, request, context);
  const representations = list as readonly unknown[];
  const entities: unknown[] = [];
  const missing = lookUp(store, `${service} ${shape.id} ${JSON.stringify(others)} `, representations, {
    entities,
    used: context.cacheUse?.entities,
  });
  const hits = entities.filter((entity) => entity !== null).length;
  note(service, context, 'hit', hits);
  note(service, context, 'miss', missing.length);
  if (missing.length === 0) return { data: { _entities: entities } };

  const ask = async (groups: readonly Group[], as: GraphContext): Promise<EntityAnswers> => {
    const some = groups.map(([, [place]]) => representations[place!]);
    const answer = await fetch(service, { ...request, variables: { ...others, [shape.representations!]: some } }, as);
    return entityAnswers(answer, some.length);
  };
  const askedAt = store.now();
  const answers = await ask(missing, asNobody(context));
  fill(entities, missing, answers);
  if (!answers.entities) {
    return hits === 0
      ? { data: null, errors: all(answers) }
      : { data: { _entities: entities }, errors: everywhere(missing, answers) };
  }
  const unseen: Group[] = [];
  for (const [at, group] of missing.entries()) {
    const value = answers.entities[at];
    if (value == null || answers.errorsAt.has(at)) {
      unseen.push(group);
      continue;
    }
    if (answers.errors.length > 0) continue;
    const [key, [place]] = group;
    const kept = keep(value, shape.idNames);
    for (const id of idLikes(representations[place!], MAX_IDS_PER_KEY) ?? []) kept.ids.add(id);
    if (shape.isUnnamed) kept.ids.add(UNNAMED);
    store.put(key, { ...kept, service, askedAt, maxAgeMs: shape.maxAgeMs });
  }
  let errors = placed(missing, answers);
  if (unseen.length > 0 && context.viewer.kind === 'user') {
    // Nobody in particular sees these; this viewer may.
    const own = await ask(unseen, context);
    fill(entities, unseen, own);
    errors = [...answers.errors, ...(own.entities ? placed(unseen, own) : everywhere(unseen, own))];
  }
  return { data: { _entities: entities }, ...(errors.length > 0 ? { errors } : {}) };
}

/** Fills in what is known, null where nothing is; and says what is missing. */
function lookUp(
  store: EntityStore,
  prefix: string,
  representations: readonly unknown[],
  { entities, used }: { entities: unknown[]; used: StoredEntity[] | undefined },
): Group[] {
  const missing = new Map<string, number[]>();
  for (let place = 0; place < representations.length; place += 1) {
    const key = prefix + JSON.stringify(representations[place]);
    const known = store.get(key);
    entities.push(known ? known.value : null);
    if (known) {
      used?.push(known);
      continue;
    }
    const places = missing.get(key);
    if (places) places.push(place);
    else missing.set(key, [place]);
  }
  return [...missing];
}

function fill(entities: unknown[], groups: readonly Group[], answers: EntityAnswers): void {
  for (const [at, [, places]] of groups.entries()) {
    for (const place of places) entities[place] = answers.entities?.[at] ?? null;
  }
}

const all = ({ errors, errorsAt }: EntityAnswers): GraphQLFormattedError[] => [
  ...errors,
  ...[...errorsAt].flatMap(([index, some]) => some.map((error) => errorAt(error, index))),
];

/** The errors of an answer, at the places that were asked about. */
function placed(groups: readonly Group[], { errors, errorsAt }: EntityAnswers): GraphQLFormattedError[] {
  const found = [...errors];
  for (const [at, some] of errorsAt) {
    const place = groups[at]?.[1][0];
    for (const error of some) found.push(place === undefined ? error : errorAt(error, place));
  }
  return found;
}

/** Nothing was answered, while others of the list are known: the first error explains each of the gaps. */
function everywhere(groups: readonly Group[], answers: EntityAnswers): GraphQLFormattedError[] {
  const [first] = all(answers);
  return first ? groups.map(([, [place]]) => errorAt({ ...first, message: first.message, path: [] }, place!)) : [];
}

/** The same request by nobody in particular, so that the answer cannot depend on who asks. */
function asNobody(context: GraphContext): GraphContext {
  return context.viewer.kind === 'anonymous' ? context : { ...context, viewer: anonymous };
}
