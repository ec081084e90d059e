import { Long } from 'bson';
import { getAtPath, splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { isTruthy } from '../expression/truth.ts';
import { whole } from '../expression/arrays.ts';
import { namedOperands } from '../expression/evaluate.ts';
import { compileFilter } from '../query/matcher.ts';
import { sortDocs } from '../query/sort.ts';
import { compileBucket, compileGroup, compileSortByCount } from './group.ts';
import { compileGraphLookup, compileLookup, withPath } from './lookup.ts';
import { applyStages, filterOf, limitOf, runPipeline, skipOf, sortOf, stageOf } from './pipeline.ts';
import { compileReshape, docOperand, RESHAPING_STAGES } from './reshape.ts';
import type { PipelineContext, Stage } from './stage.ts';

type CompileStage = (operand: Value, context: PipelineContext) => Stage;

/** The allow-list of stages, besides those that reshape single documents. */
const STAGES: Record<string, CompileStage> = {
  $match: (operand, { variables }) => {
    const matches = compileFilter(filterOf(operand), { variables });
    return function* match(docs) {
      for (const doc of docs) if (matches(doc)) yield doc;
    };
  },
  $sort: (operand) => {
    const spec = sortOf(operand);
    return (docs) => sortDocs(docs, (doc) => doc, spec);
  },
  $skip: (operand) => {
    const skip = skipOf(operand);
    return function* skipFirst(docs) {
      let seen = 0;
      for (const doc of docs) if (seen++ >= skip) yield doc;
    };
  },
  $limit: (operand) => {
    const limit = limitOf(operand);
    return function* limitTo(docs) {
      let left = limit;
      for (const doc of docs) {
        yield doc;
        if (--left === 0) return;
      }
    };
  },
  $count: (operand) => {
    if (typeof operand !== 'string' || operand === '' || operand.startsWith('$') || operand.includes('.')) {
      throw new CommandError('BadValue', 'the count field must be a non-empty string without $ and .');
    }
    return function* count(docs) {
      let total = 0;
      for (const _ of docs) total++;
      // No documents, no count: the server answers nothing rather than zero.
      if (total > 0) yield { [operand]: total };
    };
  },
  $group: (operand, { variables }) => compileGroup(operand, variables),
  $sortByCount: (operand, { variables }) => compileSortByCount(operand, variables),
  $bucket: (operand, { variables }) => compileBucket(operand, variables),
  $unwind: compileUnwind,
  $lookup: compileLookup,
  $graphLookup: compileGraphLookup,
  $facet: compileFacet,
  $unionWith: compileUnionWith,
  $sample: (operand) => {
    const size = whole('$sample', docOperand('$sample', operand).size);
    if (size <= 0) throw new CommandError('BadValue', 'size argument to $sample must be positive');
    return (docs) => sample([...docs], size);
  },
};

/** Stages a real server has; named so that the answer can say it is the emulator that lacks them. */
const REFUSED = new Set([
  ...[
    '$bucketAuto',
    '$densify',
    '$fill',
    '$geoNear',
    '$redact',
    '$setWindowFields',
    '$documents',
    '$search',
    '$searchMeta',
  ],
  ...['$vectorSearch', '$indexStats', '$collStats', '$currentOp', '$planCacheStats', '$listSessions', '$querySettings'],
]);

export const PIPELINE_STAGES: readonly string[] = [
  ...Object.keys(STAGES),
  ...RESHAPING_STAGES,
  '$merge',
  '$out',
  '$changeStream',
];

export function compileStage(name: string, operand: Value, context: PipelineContext): Stage {
  if (RESHAPING_STAGES.has(name)) {
    const reshape = compileReshape(name, operand, context.variables);
    return function* reshaped(docs) {
      for (const doc of docs) yield reshape(doc);
    };
  }
  const compile = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
  if (compile) return compile(operand, context);
  if (name === '$merge' || name === '$out' || name === '$changeStream') {
    throw new CommandError('BadValue', `${name} is not allowed at this place of a pipeline`);
  }
  if (REFUSED.has(name)) throw refuse(`the pipeline stage ${name}`);
  throw new CommandError('UnrecognizedPipelineStage', `Unrecognized pipeline stage name: '${name}' (emulator)`);
}

function compileUnwind(operand: Value): Stage {
  const options =
    typeof operand === 'string'
      ? { path: operand }
      : namedOperands('$unwind', operand, {
          required: ['path'],
          optional: ['includeArrayIndex', 'preserveNullAndEmptyArrays'],
        });
  const { path, includeArrayIndex, preserveNullAndEmptyArrays } = options as Doc;
  if (typeof path !== 'string' || !path.startsWith('$') || path.length < 2) {
    throw new CommandError('BadValue', "path option to $unwind stage should be prefixed with a '$'");
  }
  if (includeArrayIndex !== undefined && typeof includeArrayIndex !== 'string') {
    throw new CommandError('BadValue', 'includeArrayIndex of $unwind must be a string');
  }
  const parts = splitPath(path.slice(1));
  const isPreserving = isTruthy(preserveNullAndEmptyArrays);
  const numbered = (doc: Doc, index: Long | null) =>
    includeArrayIndex === undefined ? doc : withPath(doc, splitPath(includeArrayIndex), index);
  return function* unwind(docs) {
    for (const doc of docs) {
      const value = getAtPath(doc, parts);
      if (Array.isArray(value) && value.length > 0) {
        for (const [i, item] of value.entries()) yield numbered(withPath(doc, parts, item), Long.fromNumber(i));
      } else if (value !== undefined && value !== null && !Array.isArray(value)) {
        yield numbered(doc, null);
      } else if (isPreserving) {
        yield numbered(Array.isArray(value) ? withoutPath(doc, parts) : doc, null);
      }
    }
  };
}

function withoutPath(doc: Doc, parts: string[]): Doc {
  const [field = '', ...rest] = parts;
  const copy = { ...doc };
  const inner = copy[field];
  if (rest.length === 0) delete copy[field];
  else if (isDoc(inner)) copy[field] = withoutPath(inner, rest);
  return copy;
}

function compileFacet(operand: Value, context: PipelineContext): Stage {
  const facets = Object.entries(docOperand('$facet', operand)).map(([name, stages]) => {
    if (!Array.isArray(stages)) throw new CommandError('BadValue', 'arguments to $facet must be arrays');
    if (stages.some((stage) => stageOf(stage).name === '$facet')) {
      throw new CommandError('BadValue', '$facet is not allowed to be used within a $facet stage');
    }
    return [name, stages.map(stageOf).map((stage) => compileStage(stage.name, stage.operand, context))] as const;
  });
  if (facets.length === 0) throw new CommandError('BadValue', 'the $facet specification must be a non-empty object');
  return function* facet(docs) {
    const input = [...docs];
    yield Object.fromEntries(facets.map(([name, stages]) => [name, [...applyStages(stages, input)]]));
  };
}

function compileUnionWith(operand: Value, context: PipelineContext): Stage {
  const parts =
    typeof operand === 'string'
      ? { coll: operand }
      : namedOperands('$unionWith', operand, { required: ['coll'], optional: ['pipeline'] });
  const { coll, pipeline = [] } = parts as Doc;
  if (typeof coll !== 'string' || !Array.isArray(pipeline))
    throw new CommandError('FailedToParse', '$unionWith needs a collection name');
  return function* unionWith(docs) {
    yield* docs;
    yield* runPipeline({ from: coll, stages: pipeline, context });
  };
}

/** The first `size` of a shuffle that goes no further than that. */
function sample(docs: Doc[], size: number): Doc[] {
  const count = Math.min(size, docs.length);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(Math.random() * (docs.length - i));
    [docs[i], docs[j]] = [docs[j] as Doc, docs[i] as Doc];
  }
  return docs.slice(0, count);
}
