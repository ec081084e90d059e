import { splitFind, stageOf } from '../aggregate/pipeline.ts';
import { compileStage } from '../aggregate/stages.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import type { FindRequest, FindResult } from '../query/find-documents.ts';
import type { Plan } from '../query/planner.ts';
import type { Reply } from '../wire/reply.ts';
import { pipelineContextOf } from './aggregate.ts';
import { type CommandContext, type CommandTable, ok } from './command.ts';
import { EMULATOR } from './greeting.ts';
import { arrayOption, assertOptions, stringOption } from './options.ts';
import { findRequestOf, readCollection, readCommands } from './read.ts';

export const explainCommands: CommandTable = {
  explain: { options: ['verbosity'], access: 'database', run: explain },
};

/** The read is really done: the counts are what it took, not an estimate. */
function explain(context: CommandContext): Reply {
  const inner = context.body.explain;
  if (!isDoc(inner)) throw new CommandError('TypeMismatch', 'explain needs a command');
  const name = Object.keys(inner)[0] ?? '';
  const collection = stringOption(inner, name);
  const request = requestOf({ ...context, name, body: inner });
  const startedAt = performance.now();
  const result = readCollection(context, collection, request);
  const tookMs = Math.round(performance.now() - startedAt);
  const winningPlan = planTree(request, result, { isCount: name === 'count', projection: inner.projection });
  const namespace = `${context.database}.${collection}`;
  const fields: Doc = {
    explainVersion: '1',
    queryPlanner: { namespace, indexFilterSet: false, parsedQuery: request.filter, winningPlan, rejectedPlans: [] },
  };
  if (context.body.verbosity !== 'queryPlanner') {
    const { keysExamined, docsExamined } = result.counts;
    fields.executionStats = {
      executionSuccess: true,
      nReturned: name === 'count' ? 0 : result.found.length,
      executionTimeMillis: tookMs,
      totalKeysExamined: keysExamined,
      totalDocsExamined: docsExamined,
      executionStages: { ...winningPlan, nReturned: result.found.length, docsExamined, keysExamined },
    };
  }
  fields.command = inner;
  fields.serverInfo = { version: '7.0.0', emulator: EMULATOR };
  return ok(fields);
}

function requestOf(context: CommandContext): FindRequest {
  const { name, body } = context;
  switch (name) {
    case 'find':
    case 'count':
      assertOptions(name, body, readCommands[name] as (typeof readCommands)[string]);
      return findRequestOf(body);
    case 'aggregate': {
      const { request, rest } = splitFind(arrayOption(body, 'pipeline').map(stageOf));
      for (const stage of rest) compileStage(stage.name, stage.operand, pipelineContextOf(context));
      return { ...request, hint: body.hint };
    }
    default:
      throw refuse(`explain of '${name}'`);
  }
}

interface Shape {
  isCount: boolean;
  projection: Value | undefined;
}

/** Stages as nested documents, the last one outermost. */
function planTree(request: FindRequest, { plan, isSortedInMemory }: FindResult, { isCount, projection }: Shape): Doc {
  let tree = scanTree(plan, request.filter);
  const wrap = (stage: string, fields: Doc = {}) => {
    tree = { stage, ...fields, inputStage: tree };
  };
  if (isSortedInMemory) wrap('SORT', { sortPattern: request.sort ?? {}, type: 'simple' });
  if (request.skip) wrap('SKIP', { skipAmount: request.skip });
  if (request.limit) wrap('LIMIT', { limitAmount: request.limit });
  if (isDoc(projection) && Object.keys(projection).length > 0) wrap('PROJECTION_DEFAULT', { transformBy: projection });
  if (isCount) wrap('COUNT');
  return tree;
}

function scanTree(plan: Plan, filter: Doc): Doc {
  switch (plan.kind) {
    case 'collection':
      return { stage: 'COLLSCAN', filter, direction: 'forward' };
    case 'ids':
      return { stage: 'IDHACK', keyPattern: { _id: 1 }, indexName: '_id_' };
    case 'union':
      return {
        stage: 'FETCH',
        filter,
        inputStage: { stage: 'OR', inputStages: plan.plans.map((branch) => scanTree(branch, {})) },
      };
    default: {
      const { definition, isMultikey } = plan.index;
      const scan: Doc = {
        stage: 'IXSCAN',
        keyPattern: definition.key,
        indexName: definition.name,
        isMultiKey: isMultikey,
        isUnique: definition.isUnique,
        isSparse: definition.isSparse,
        isPartial: definition.partialFilter !== undefined,
        direction: plan.isReverse ? 'backward' : 'forward',
        // The keys of this emulator mean nothing to a reader; how far they narrow the scan does.
        bounds: { ranges: plan.bounds.ranges.length, boundedFields: plan.bounds.boundFields },
      };
      return { stage: 'FETCH', filter, inputStage: scan };
    }
  }
}
