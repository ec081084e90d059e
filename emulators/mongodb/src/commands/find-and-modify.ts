import type { Doc, Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { findDocuments } from '../query/find-documents.ts';
import { compileProjection } from '../query/projection.ts';
import { compileUpdate } from '../update/compile.ts';
import type { Reply } from '../wire/reply.ts';
import { attempt } from './attempt.ts';
import { type CommandContext, type CommandTable, ok } from './command.ts';
import { docOption, docsOption, flagOption } from './options.ts';
import { onceOnly } from './statements.ts';
import { applyUpdate, writableName } from './write.ts';

const OPTIONS = [
  ...['query', 'sort', 'remove', 'update', 'new', 'fields', 'upsert', 'arrayFilters', 'hint', 'let', 'collation'],
  'bypassDocumentValidation',
];

const findAndModify = { options: OPTIONS, access: 'database', inTransaction: true, isWrite: true, run } as const;

/** Both spellings are in use. */
export const findAndModifyCommands: CommandTable = { findAndModify, findandmodify: findAndModify };

async function run(context: CommandContext): Promise<Reply> {
  const { body } = context;
  const name = writableName(context);
  const isRemove = flagOption(body, 'remove');
  if (isRemove === (body.update !== undefined)) {
    throw new CommandError('FailedToParse', 'Either an update or remove=true must be specified, and not both');
  }
  if (isRemove && (flagOption(body, 'new') || flagOption(body, 'upsert'))) {
    throw new CommandError('FailedToParse', "Cannot specify 'new' or 'upsert' together with 'remove'");
  }
  const result = await onceOnly(context, 0, () =>
    attempt(context, () => (isRemove ? removeOne(context, name) : updateOne(context, name))),
  );
  return ok(result);
}

function removeOne(context: CommandContext, name: string): Doc {
  const { server, database, read, writer, body, variables } = context;
  const collection = server.store.catalog.find(database, name);
  const request = {
    filter: docOption(body, 'query') ?? {},
    sort: docOption(body, 'sort'),
    hint: body.hint,
    limit: 1,
    variables,
  };
  const [found] = collection ? findDocuments(collection, request, read).found : [];
  if (!collection || !found) return { lastErrorObject: { n: 0 }, value: null };
  writer.assertFree(collection, [found]);
  writer.remove(collection, found);
  return { lastErrorObject: { n: 1 }, value: projected(context, found.doc) };
}

function updateOne(context: CommandContext, name: string): Doc {
  const { body, variables } = context;
  const arrayFilters = body.arrayFilters === undefined ? undefined : docsOption(body, 'arrayFilters');
  const { count, upserted, before, after } = applyUpdate(context, {
    name,
    filter: docOption(body, 'query') ?? {},
    update: compileUpdate(body.update as Value, { arrayFilters, variables }),
    isMulti: false,
    isUpsert: flagOption(body, 'upsert'),
    hint: body.hint,
    sort: docOption(body, 'sort'),
  });
  const lastErrorObject: Doc = { n: count, updatedExisting: count > 0 && !upserted };
  if (upserted) lastErrorObject.upserted = upserted._id as Value;
  const shown = flagOption(body, 'new') ? after : before;
  return { lastErrorObject, value: shown ? projected(context, shown) : null };
}

function projected({ body, variables }: CommandContext, doc: Doc): Doc {
  const fields = docOption(body, 'fields');
  if (!fields || Object.keys(fields).length === 0) return doc;
  if (Object.keys(fields).some((path) => path.endsWith('.$'))) {
    throw new CommandError('NotImplemented', 'emulator: a positional projection of findAndModify is not supported');
  }
  return compileProjection(fields, { variables, style: 'find' })(doc);
}
