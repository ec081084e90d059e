import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { FindRequest } from '../query/find-documents.ts';
import { whole } from '../expression/arrays.ts';
import type { PipelineContext, Stage } from './stage.ts';
import { compileStage } from './stages.ts';

/** Nested `$lookup`s and `$facet`s beyond this are refused, as on the server. */
const MAX_STAGES = 1_000;

export interface PipelineRun {
  /** The collection read first. */
  from: string;
  stages: Value[];
  context: PipelineContext;
  /** A condition in front of the pipeline, from a `$lookup` by field. */
  filter?: Doc;
  hint?: Value;
}

/** Runs a pipeline over a collection. What it begins with and a find can do better, by index, is left to the find. */
export function runPipeline({ from, stages, context, filter = {}, hint }: PipelineRun): Iterable<Doc> {
  const named = stages.map(stageOf);
  if (named.length > MAX_STAGES)
    throw new CommandError('FailedToParse', `Pipeline length must be no longer than ${MAX_STAGES} stages`);
  const { request, rest } = splitFind(named, filter);
  const compiled = rest.map(({ name, operand }) => compileStage(name, operand, context));
  const found = context.readCollection(from, { ...request, hint, variables: context.variables });
  return applyStages(
    compiled,
    found.map(({ doc }) => doc),
  );
}

export function applyStages(stages: Stage[], docs: Iterable<Doc>): Iterable<Doc> {
  return stages.reduce((current, stage) => stage(current), docs);
}

export interface NamedStage {
  name: string;
  operand: Value;
}

export function stageOf(stage: Value): NamedStage {
  const [name, ...others] = isDoc(stage) ? Object.keys(stage) : [];
  if (name === undefined || others.length > 0) {
    throw new CommandError(
      'UnrecognizedPipelineStage',
      'A pipeline stage specification object must contain exactly one field.',
    );
  }
  return { name, operand: (stage as Doc)[name] as Value };
}

/** `$match`es, then at most one `$sort`, `$skip` and `$limit`, in this order, are a find. */
export function splitFind(stages: NamedStage[], filter: Doc = {}): { request: FindRequest; rest: NamedStage[] } {
  const conditions = Object.keys(filter).length > 0 ? [filter] : [];
  let at = 0;
  while (stages[at]?.name === '$match') conditions.push(filterOf((stages[at++] as NamedStage).operand));
  const request: FindRequest = { filter: combine(conditions) };
  if (stages[at]?.name === '$sort') request.sort = sortOf((stages[at++] as NamedStage).operand);
  if (stages[at]?.name === '$skip') request.skip = skipOf((stages[at++] as NamedStage).operand);
  if (stages[at]?.name === '$limit') request.limit = limitOf((stages[at++] as NamedStage).operand);
  return { request, rest: stages.slice(at) };
}

function combine(conditions: Doc[]): Doc {
  const [first, second] = conditions;
  if (!first) return {};
  return second ? { $and: conditions } : first;
}

export function filterOf(operand: Value): Doc {
  if (isDoc(operand)) return operand;
  throw new CommandError('BadValue', 'the match filter must be an expression in an object');
}

export function sortOf(operand: Value): Doc {
  if (isDoc(operand) && Object.keys(operand).length > 0) return operand;
  throw new CommandError('BadValue', '$sort stage must have at least one sort key');
}

export function skipOf(operand: Value): number {
  const skip = whole('$skip', operand);
  if (skip < 0) throw new CommandError('BadValue', 'invalid argument to $skip stage: it must not be negative');
  return skip;
}

export function limitOf(operand: Value): number {
  const limit = whole('$limit', operand);
  if (limit <= 0) throw new CommandError('BadValue', 'the limit must be positive');
  return limit;
}
