import type { FetchNode } from '@apollo/query-planner';
import type { ServiceAnswer } from './executor.ts';
import { addAnswerErrors, addFetchFailure, type FetchFailure } from './fetch-errors.ts';
import { isObject, type JsonObject, ResultObject } from './json-object.ts';
import { merge, type Shape, shapeOfOperation } from './merge-shape.ts';
import { compilePlaces } from './places.ts';
import type { Step } from './plan-step.ts';
import type { SupergraphTypes } from './supergraph-types.ts';
import { compileQuestioner } from './representations.ts';
import { deepCopy, reshape, rewrite } from './rewrites.ts';
import type { Run } from './run.ts';
import type { ShapeRegister } from './shape-register.ts';
import { UnsupportedPlanError } from './unsupported-plan-error.ts';

export interface FetchStepOptions {
  node: FetchNode;
  path: readonly string[];
  shapes: ShapeRegister;
  types: SupergraphTypes;
}

export function compileFetch(options: FetchStepOptions): Step {
  const { node, path } = options;
  if (node.contextRewrites?.length) throw new UnsupportedPlanError('Arguments from a context are not supported.');
  return node.requires ? entityFetch(options, node.requires) : plainFetch(options, path);
}

function plainFetch({ node, shapes, types }: FetchStepOptions, path: readonly string[]): Step {
  const shape = shapeOfOperation(node.operation, types);
  reshape(node.outputRewrites ?? [], shape);
  shapes.add(path, shape);
  const places = compilePlaces(path);
  const failure: FetchFailure = { service: node.serviceName, places, names: namesOf(shape), asked: null };
  const send = senderOf(node);
  const own = ownerOf(node, types);

  const take = (run: Run, objects: JsonObject[], answered: ServiceAnswer): void => {
    const { data, errors } = partsOf(answered);
    const some = isObject(data);
    if (errors) addAnswerErrors(run, failure, errors, !some);
    if (!some) {
      if (!errors) throw new Error('Expected "data" to be an object');
      return;
    }
    const answer = own(data, undefined);
    for (const object of objects) merge(object, answer, shape);
  };
  return (run) => {
    const objects = places.objects(run.root);
    if (objects.length === 0) return undefined;
    return send(run, undefined).then(
      (answer) => guarded(run, failure, () => take(run, objects, answer)),
      (error) => addFetchFailure(run, failure, error),
    );
  };
}

function entityFetch(
  { node, path, shapes, types }: FetchStepOptions,
  requires: NonNullable<FetchNode['requires']>,
): Step {
  if (node.variableUsages?.includes('representations')) {
    throw new UnsupportedPlanError('No variable may be called "representations".');
  }
  const rewrites = node.outputRewrites ?? [];
  const shape = shapeOfOperation(node.operation, types).fields.find(({ name }) => name === '_entities')?.shape;
  if (!shape) throw new UnsupportedPlanError('The plan fetches entities without asking for any.');
  reshape(rewrites, shape);
  shapes.add(path, shape);
  const places = compilePlaces(path);
  const names = namesOf(shape);
  const send = senderOf(node);
  const own = ownerOf(node, types);
  const ask = compileQuestioner({
    requires,
    inputRewrites: node.inputRewrites ?? [],
    apartByType: rewrites.length > 0,
    types,
  });

  const take = (run: Run, failure: FetchFailure, count: number, answered: ServiceAnswer): void => {
    const { data, errors } = partsOf(answered);
    const entities = isObject(data) ? data['_entities'] : undefined;
    const usable = Array.isArray(entities) && entities.length === count;
    if (errors) addAnswerErrors(run, failure, errors, !usable);
    if (!usable) {
      if (!errors) throw new Error(`Expected "data._entities" to contain ${count} elements`);
      return;
    }
    const { objects, indexes } = failure.asked!;
    // What must not be shared is copied by the merge, once for each place.
    const answers: unknown[] = rewrites.length > 0 ? [] : entities;
    for (let at = 0; at < objects.length; at++) {
      const index = indexes[at]!;
      if (index < 0) continue;
      const object = objects[at]!;
      if (rewrites.length > 0) answers[index] ??= own(entities[index], object['__typename']);
      const answer = answers[index];
      if (isObject(answer)) merge(object, answer, shape);
    }
  };
  return (run) => {
    const objects = places.objects(run.root);
    if (objects.length === 0) return undefined;
    const { representations, indexes } = ask(objects);
    if (representations.length === 0) return undefined;
    const failure: FetchFailure = { service: node.serviceName, places, names, asked: { objects, indexes } };
    return send(run, representations).then(
      (answer) => guarded(run, failure, () => take(run, failure, representations.length, answer)),
      (error) => addFetchFailure(run, failure, error),
    );
  };
}

const namesOf = ({ fields }: Shape): string[] => fields.map(({ name }) => name);

function partsOf(answer: unknown): { data: unknown; errors: readonly unknown[] | null } {
  if (!isObject(answer)) return { data: undefined, errors: null };
  const { data, errors } = answer;
  return { data, errors: Array.isArray(errors) && errors.length > 0 ? errors : null };
}

/** A service may answer anything; what cannot be merged is its failure and not that of the request. */
function guarded(run: Run, failure: FetchFailure, take: () => void): void {
  try {
    take();
  } catch (error) {
    addFetchFailure(run, failure, error);
  }
}

function senderOf({ serviceName, operation, operationName, variableUsages = [] }: FetchNode) {
  return (run: Run, representations: JsonObject[] | undefined): Promise<ServiceAnswer> => {
    const variables = new ResultObject();
    for (const name of variableUsages) {
      const value = run.variables[name];
      if (value !== undefined) variables[name] = value;
    }
    if (representations) variables['representations'] = representations;
    try {
      return run.fetch({ service: serviceName, query: operation, operationName, variables });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
}

/** Makes an answer one's own where the planner wants it changed. */
function ownerOf({ outputRewrites = [] }: FetchNode, types: SupergraphTypes) {
  if (outputRewrites.length === 0) return (answer: JsonObject) => answer;
  return (answer: unknown, typename: unknown): JsonObject => {
    const own = deepCopy(answer) as JsonObject;
    if (isObject(own)) {
      if (typename !== undefined && !own['__typename']) own['__typename'] = typename;
      rewrite(outputRewrites, own, types);
    }
    return own;
  };
}
