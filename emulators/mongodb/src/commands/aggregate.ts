import { type NamedStage, runPipeline, stageOf } from '../aggregate/pipeline.ts';
import type { PipelineContext } from '../aggregate/stage.ts';
import { isDoc, type Doc, type Value } from '../bson/value.ts';
import { ChangeStream, type Watched } from '../changes/change-stream.ts';
import { DEFAULT_FIRST_BATCH, rowsOf } from '../cursors/batch.ts';
import { CommandError } from '../errors.ts';
import { encodeDocument } from '../bson/value.ts';
import type { Reply } from '../wire/reply.ts';
import { mayUse } from '../auth/users.ts';
import { type CommandContext, type CommandTable, target } from './command.ts';
import { runMerge, runOut } from './merge.ts';
import { arrayOption, assertFields, countOption, docOption } from './options.ts';
import { cursorReply, readCollection } from './read.ts';

const OPTIONS = ['pipeline', 'cursor', 'hint', 'let', 'collation', 'allowDiskUse', 'bypassDocumentValidation'];

export const aggregateCommands: CommandTable = {
  aggregate: { options: OPTIONS, access: 'database', inTransaction: true, isWrite: true, run: aggregate },
};

export function pipelineContextOf(context: CommandContext): PipelineContext {
  return {
    variables: context.variables,
    checkDeadline: () => context.deadline.check(),
    readCollection: (name, request) => readCollection(context, name, request).found,
  };
}

async function aggregate(context: CommandContext): Promise<Reply> {
  const { body } = context;
  const stages = arrayOption(body, 'pipeline');
  const cursor = docOption(body, 'cursor') ?? {};
  assertFields('aggregate.cursor', cursor, ['batchSize']);
  const batchSize = countOption(cursor, 'batchSize');
  const named = stages.map(stageOf);
  const [first, ...others] = named;
  if (first?.name === '$changeStream')
    return openStream(context, { operand: first.operand, stages: others, batchSize });
  const from = collectionOf(context);
  const last = named.at(-1);
  const output = last?.name === '$merge' || last?.name === '$out' ? last : undefined;
  const docs = [
    ...runPipeline({
      from,
      stages: output ? stages.slice(0, -1) : stages,
      context: pipelineContextOf(context),
      hint: body.hint,
    }),
  ];
  if (!output) return cursorReply(context, { name: from, rows: rowsOf(docs), batchSize });
  await (output.name === '$merge' ? runMerge(context, output.operand, docs) : runOut(context, output.operand, docs));
  return cursorReply(context, { name: from, rows: rowsOf([]), batchSize });
}

function collectionOf(context: CommandContext): string {
  const name = target(context);
  if (typeof name === 'string' && name !== '') return name;
  throw new CommandError(
    'InvalidNamespace',
    'emulator: an aggregate without a collection is only supported for change streams',
  );
}

interface StreamRequest {
  operand: Value;
  stages: NamedStage[];
  batchSize: number | undefined;
}

function openStream(
  context: CommandContext,
  { operand, stages, batchSize = DEFAULT_FIRST_BATCH }: StreamRequest,
): Reply {
  const { server, database, username, transaction } = context;
  if (transaction)
    throw new CommandError('OperationNotSupportedInTransaction', '$changeStream cannot be used in a transaction');
  const name = target(context);
  const watched = watchedBy(context, operand);
  const stream = new ChangeStream({
    store: server.store,
    watched,
    operand,
    stages,
    context: pipelineContextOf(context),
  });
  const { events, isClosed } = stream.read(batchSize);
  const namespace = `${database}.${typeof name === 'string' ? name : '$cmd.aggregate'}`;
  const cursorId = isClosed
    ? 0
    : server.cursors.open({ namespace, username, rows: rowsOf([]), stream, neverExpires: true }).id;
  return {
    fields: { ok: 1, operationTime: server.store.events.clock },
    cursor: {
      batchName: 'firstBatch',
      batch: events.map((doc) => encodeDocument(doc)),
      cursorId,
      namespace,
      postBatchResumeToken: stream.token,
    },
  };
}

function watchedBy(context: CommandContext, operand: Value): Watched {
  const { database, connection, server } = context;
  const name = target(context);
  if (typeof name === 'string') return { database, collection: name };
  const isCluster = isDoc(operand) && (operand as Doc).allChangesForCluster === true;
  if (!isCluster) return { database };
  if (server.users.isRequired && !(connection.user && mayUse(connection.user, '*'))) {
    throw new CommandError('Unauthorized', 'not authorized to watch all databases');
  }
  return {};
}
