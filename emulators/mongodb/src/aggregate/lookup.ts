import { keyString } from '../bson/key-string.ts';
import { resolveExpressionPath, splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Maybe, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileExpression, type Variables } from '../expression/compile.ts';
import { whole } from '../expression/arrays.ts';
import { namedOperands } from '../expression/evaluate.ts';
import { runPipeline } from './pipeline.ts';
import type { PipelineContext, Stage } from './stage.ts';

export function compileLookup(operand: Value, context: PipelineContext): Stage {
  const parts = namedOperands('$lookup', operand, {
    required: ['from', 'as'],
    optional: ['localField', 'foreignField', 'let', 'pipeline'],
  });
  const [from, as] = [nameOf('$lookup', 'from', parts.from), nameOf('$lookup', 'as', parts.as)];
  const { localField, foreignField, pipeline } = parts;
  const hasFields = localField !== undefined || foreignField !== undefined;
  if (hasFields && (typeof localField !== 'string' || typeof foreignField !== 'string')) {
    throw new CommandError('FailedToParse', '$lookup requires both localField and foreignField to be strings');
  }
  if (!hasFields && !Array.isArray(pipeline)) {
    throw new CommandError(
      'FailedToParse',
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField'",
    );
  }
  const stages = pipeline === undefined ? [] : (pipeline as Value[]);
  const letFields = isDoc(parts.let)
    ? Object.entries(parts.let).map(([name, value]) => [name, compileExpression(value)] as const)
    : [];
  const localParts = hasFields ? splitPath(localField as string) : [];
  // Compiled once against no documents, so that a wrong pipeline is refused even when nothing reaches it.
  runPipeline({ from, stages, context: withLet(context, letNames(letFields)), filter: { _id: { $in: [] } } });
  return function* lookup(docs) {
    for (const root of docs) {
      context.checkDeadline();
      const added: Variables = {};
      for (const [name, evaluate] of letFields) added[name] = evaluate({ root, variables: context.variables });
      const filter = hasFields ? joinFilter(foreignField as string, resolveExpressionPath(root, localParts)) : {};
      const joined = runPipeline({ from, stages, context: withLet(context, added), filter });
      yield withPath(root, splitPath(as), [...joined]);
    }
  };
}

function letNames(fields: (readonly [string, unknown])[]): Variables {
  return Object.fromEntries(fields.map(([name]) => [name, undefined]));
}

function withLet(context: PipelineContext, added: Variables): PipelineContext {
  const variables = Object.assign(Object.create(context.variables) as Variables, added);
  return { ...context, variables };
}

/** A local array matches any of its elements; a missing local field matches what has null or nothing there. */
function joinFilter(foreignField: string, local: Maybe): Doc {
  if (Array.isArray(local)) return { [foreignField]: { $in: [...local] } };
  return { [foreignField]: { $eq: local ?? null } };
}

export function compileGraphLookup(operand: Value, context: PipelineContext): Stage {
  const parts = namedOperands('$graphLookup', operand, {
    required: ['from', 'startWith', 'connectFromField', 'connectToField', 'as'],
    optional: ['maxDepth', 'depthField', 'restrictSearchWithMatch'],
  });
  const [from, as, fromField, toField] = (['from', 'as', 'connectFromField', 'connectToField'] as const).map((name) =>
    nameOf('$graphLookup', name, parts[name]),
  ) as [string, string, string, string];
  const startWith = compileExpression(parts.startWith as Value);
  const maxDepth = parts.maxDepth === undefined ? Infinity : whole('$graphLookup', parts.maxDepth);
  const depthField =
    parts.depthField === undefined ? undefined : nameOf('$graphLookup', 'depthField', parts.depthField);
  const restrict = parts.restrictSearchWithMatch ?? {};
  if (!isDoc(restrict))
    throw new CommandError('FailedToParse', '$graphLookup: restrictSearchWithMatch must be an object');
  const fromParts = splitPath(fromField);
  return function* graphLookup(docs) {
    for (const root of docs) {
      context.checkDeadline();
      const visited = new Map<string, Doc>();
      let frontier = listOf(startWith({ root, variables: context.variables }));
      for (let depth = 0; depth <= maxDepth && frontier.length > 0; depth++) {
        const filter = { $and: [{ [toField]: { $in: frontier } }, restrict] };
        const fresh = context.readCollection(from, { filter }).filter(({ id }) => !visited.has(id));
        for (const { id, doc } of fresh)
          visited.set(id, depthField === undefined ? doc : withPath(doc, splitPath(depthField), depth));
        frontier = distinct(fresh.flatMap(({ doc }) => listOf(resolveExpressionPath(doc, fromParts))));
      }
      yield withPath(root, splitPath(as), [...visited.values()]);
    }
  };
}

function listOf(value: Maybe): Value[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function distinct(values: Value[]): Value[] {
  return [...new Map(values.map((value) => [keyString(value), value])).values()];
}

/** A copy of the document with one path set. */
export function withPath(doc: Doc, parts: string[], value: Value): Doc {
  const [field = '', ...rest] = parts;
  const copy: Doc = { ...doc };
  const inner = copy[field];
  setField(copy, field, rest.length === 0 ? value : withPath(isDoc(inner) ? inner : {}, rest, value));
  return copy;
}

function nameOf(stage: string, field: string, value: Maybe): string {
  if (typeof value === 'string' && value !== '' && !value.startsWith('$')) return value;
  throw new CommandError('FailedToParse', `emulator: '${field}' of ${stage} must be a plain name in the same database`);
}
