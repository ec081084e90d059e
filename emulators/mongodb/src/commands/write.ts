import { ObjectId } from 'bson';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter } from '../query/matcher.ts';
import { findDocuments, type FindRequest } from '../query/find-documents.ts';
import { assertNamespace } from '../storage/catalog.ts';
import type { Rewrite } from '../storage/writer.ts';
import { INSERTED } from '../transactions/session.ts';
import { compileUpdate, type CompiledUpdate } from '../update/compile.ts';
import { buildUpsert } from '../update/upsert.ts';
import { bytesOfSequence } from '../wire/message.ts';
import type { Reply } from '../wire/reply.ts';
import { attempt } from './attempt.ts';
import { type CommandContext, type CommandTable, ok } from './command.ts';
import { arrayOption, assertFields, docOption, docsOption, flagOption, stringOption } from './options.ts';
import { runStatements } from './statements.ts';

const BATCH_OPTIONS = ['ordered', 'bypassDocumentValidation', 'let'];

export const writeCommands: CommandTable = {
  insert: {
    options: ['documents', ...BATCH_OPTIONS],
    access: 'database',
    inTransaction: true,
    isWrite: true,
    run: insert,
  },
  update: {
    options: ['updates', ...BATCH_OPTIONS],
    access: 'database',
    inTransaction: true,
    isWrite: true,
    run: update,
  },
  delete: {
    options: ['deletes', ...BATCH_OPTIONS],
    access: 'database',
    inTransaction: true,
    isWrite: true,
    run: remove,
  },
};

const UPDATE_FIELDS = ['q', 'u', 'c', 'multi', 'upsert', 'arrayFilters', 'hint', 'collation'];
const DELETE_FIELDS = ['q', 'limit', 'hint', 'collation'];

async function insert(context: CommandContext): Promise<Reply> {
  const name = writableName(context);
  const sent = arrayOption(context.body, 'documents');
  const sentBytes = bytesOfSequence(sent);
  const documents = sent.map((doc) => withId(doc));
  const { results, writeErrors } = await runStatements(context, documents, (doc, index) => {
    // As it was sent, unless it was given an id.
    const bytes = doc === sent[index] ? sentBytes?.[index] : undefined;
    return attempt(context, () => {
      assertStorable(doc);
      context.writer.insert(context.server.store.collectionFor(context.database, name), doc, bytes);
      return INSERTED;
    });
  });
  return writeReply({ n: results.filter(Boolean).length }, writeErrors);
}

async function update(context: CommandContext): Promise<Reply> {
  const name = writableName(context);
  const { results, writeErrors } = await runStatements(context, docsOption(context.body, 'updates'), (statement) => {
    assertFields('update.updates', statement, UPDATE_FIELDS);
    return runUpdate(context, { name, ...updateStatement(statement, context) });
  });
  const upserted = results.flatMap((result, index) =>
    result && 'upserted' in result ? [{ index, _id: result.upserted as Value }] : [],
  );
  const fields: Doc = { n: total(results, 'n'), nModified: total(results, 'nModified') };
  if (upserted.length > 0) fields.upserted = upserted;
  return writeReply(fields, writeErrors);
}

async function remove(context: CommandContext): Promise<Reply> {
  const name = writableName(context);
  const { results, writeErrors } = await runStatements(
    context,
    docsOption(context.body, 'deletes'),
    async (statement) => {
      assertFields('delete.deletes', statement, DELETE_FIELDS);
      const limit = isNumeric(statement.limit) ? toNumber(statement.limit) : -1;
      if (limit !== 0 && limit !== 1)
        throw new CommandError('FailedToParse', 'The limit field in delete objects must be 0 or 1.');
      const request = { filter: docOption(statement, 'q') ?? {}, limit: limit || undefined, hint: statement.hint };
      const n = await attempt(context, () => removeMatching(context, name, request));
      return { n };
    },
  );
  return writeReply({ n: total(results, 'n') }, writeErrors);
}

export interface UpdateStatement {
  filter: Doc;
  update: CompiledUpdate;
  isMulti: boolean;
  isUpsert: boolean;
  hint?: Value;
  sort?: Doc;
}

function updateStatement(statement: Doc, context: CommandContext): UpdateStatement {
  const isMulti = flagOption(statement, 'multi');
  const arrayFilters = statement.arrayFilters === undefined ? undefined : docsOption(statement, 'arrayFilters');
  const constants = docOption(statement, 'c');
  const variables = constants ? { ...context.variables, ...constants } : context.variables;
  const compiled = compileUpdate(statement.u as Value, { arrayFilters, variables });
  if (isMulti && compiled.kind === 'replacement') {
    throw new CommandError('FailedToParse', 'multi update is not supported for replacement-style update');
  }
  return {
    filter: docOption(statement, 'q') ?? {},
    update: compiled,
    isMulti,
    isUpsert: flagOption(statement, 'upsert'),
    hint: statement.hint,
  };
}

function runUpdate(context: CommandContext, statement: UpdateStatement & { name: string }): Doc | Promise<Doc> {
  return attempt(context, () => {
    const { count, modified, upserted } = applyUpdate(context, statement);
    const result: Doc = { n: count, nModified: modified };
    if (upserted) result.upserted = upserted._id as Value;
    return result;
  });
}

export interface UpdateOutcome {
  count: number;
  modified: number;
  before?: Doc;
  after?: Doc;
  upserted?: Doc;
}

/** All matching documents are computed and checked before the first is written: a wait starts the statement over. */
export function applyUpdate(context: CommandContext, statement: UpdateStatement & { name: string }): UpdateOutcome {
  const { filter, update: compiled, isMulti, isUpsert, hint, sort, name } = statement;
  const { writer, server, database, read, variables } = context;
  const now = new Date();
  const collection = server.store.catalog.find(database, name);
  const request: FindRequest = { filter, hint, sort, variables, limit: isMulti ? undefined : 1, withPosition: true };
  if (!collection) compileFilter(filter, { variables });
  const found = collection ? findDocuments(collection, request, read).found : [];
  if (found.length === 0) {
    if (!isUpsert) return { count: 0, modified: 0 };
    const upserted = buildUpsert(filter, compiled, now);
    assertStorable(upserted);
    writer.insert(server.store.collectionFor(database, name), upserted);
    return { count: 1, modified: 0, upserted, after: upserted };
  }
  const changes = found.map((each) => ({
    each,
    result: compiled.apply(each.doc, { now, isInsert: false, position: each.position ?? {} }),
  }));
  const changed = changes.filter(({ result }) => result.isChanged);
  if (collection && changed.length > 0) {
    const rewrites = changed.map(({ result }): Rewrite => {
      return { kind: compiled.kind === 'replacement' ? 'replace' : 'update', doc: result.doc, change: result.change };
    });
    writer.assertFree(
      collection,
      changed.map(({ each }) => each),
      rewrites,
    );
    for (const [i, { each }] of changed.entries()) writer.rewrite(collection, each, rewrites[i] as Rewrite);
  }
  return { count: found.length, modified: changed.length, before: found[0]?.doc, after: changes[0]?.result.doc };
}

export function removeMatching(context: CommandContext, name: string, request: FindRequest): number {
  const { server, database, read, writer, variables } = context;
  const collection = server.store.catalog.find(database, name);
  if (!collection) {
    compileFilter(request.filter, { variables });
    return 0;
  }
  const { found } = findDocuments(collection, { ...request, variables }, read);
  writer.assertFree(collection, found);
  for (const each of found) writer.remove(collection, each);
  return found.length;
}

export function writableName({ body, name, database }: CommandContext): string {
  const collection = stringOption(body, name);
  assertNamespace(database, collection);
  return collection;
}

function withId(doc: Value): Doc {
  if (!isDoc(doc)) throw new CommandError('TypeMismatch', 'a document to insert must be an object');
  if (Object.keys(doc)[0] === '_id') return doc;
  const { _id = new ObjectId(), ...rest } = doc;
  return { _id, ...rest };
}

/** The identity of a document must be comparable by itself. */
export function assertStorable({ _id }: Doc): void {
  if (Array.isArray(_id)) throw new CommandError('InvalidIdField', "The '_id' value cannot be of type array");
  if (typeof _id === 'object' && _id !== null && '_bsontype' in _id && _id._bsontype === 'BSONRegExp') {
    throw new CommandError('InvalidIdField', "The '_id' value cannot be of type regex");
  }
  if (isDoc(_id) && Object.keys(_id).some((field) => field.startsWith('$'))) {
    throw new CommandError('DollarPrefixedFieldName', '_id fields may not contain $-prefixed fields');
  }
}

function total(results: (Doc | undefined)[], field: string): number {
  return results.reduce((sum, result) => sum + Number(result?.[field] ?? 0), 0);
}

function writeReply(fields: Doc, writeErrors: Doc[]): Reply {
  return ok(writeErrors.length > 0 ? { ...fields, writeErrors } : fields);
}
