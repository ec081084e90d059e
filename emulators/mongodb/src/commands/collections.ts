import { mayUse } from '../auth/users.ts';
import { isEqual } from '../bson/compare.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { rowsOf } from '../cursors/batch.ts';
import { CommandError } from '../errors.ts';
import { type IndexDefinition, parseIndex, toSpec } from '../indexes/definition.ts';
import { hasSameKey } from '../indexes/secondary-index.ts';
import { compileFilter } from '../query/matcher.ts';
import { assertNamespace } from '../storage/catalog.ts';
import type { Collection } from '../storage/collection.ts';
import { BlockedByTransaction } from '../transactions/transaction.ts';
import type { Reply } from '../wire/reply.ts';
import { attempt } from './attempt.ts';
import { type CommandContext, type CommandTable, ok } from './command.ts';
import { arrayOption, docOption, flagOption, stringOption } from './options.ts';
import { cursorReply } from './read.ts';
import { writableName } from './write.ts';

const write = { access: 'database', isWrite: true } as const;
const read = { access: 'database' } as const;

export const collectionCommands: CommandTable = {
  create: { ...write, options: [], run: create },
  drop: { ...write, options: [], run: drop },
  dropDatabase: { ...write, options: [], run: dropDatabase },
  renameCollection: { ...write, access: 'user', options: ['to', 'dropTarget'], run: rename },
  createIndexes: { ...write, options: ['indexes', 'commitQuorum'], run: createIndexes },
  dropIndexes: { ...write, options: ['index'], run: dropIndexes },
  listIndexes: { ...read, options: ['cursor'], run: listIndexes },
  listCollections: {
    ...read,
    options: ['filter', 'nameOnly', 'cursor', 'authorizedCollections'],
    run: listCollections,
  },
  listDatabases: { access: 'user', options: ['filter', 'nameOnly', 'authorizedDatabases'], run: listDatabases },
};

function create(context: CommandContext): Reply {
  const name = writableName(context);
  const { catalog } = context.server.store;
  if (catalog.find(context.database, name)) {
    throw new CommandError('NamespaceExists', `Collection ${context.database}.${name} already exists.`);
  }
  catalog.create(context.database, name);
  return ok();
}

/** Changes to a collection itself wait for the transactions that are writing to it. */
async function alone<T>(
  context: CommandContext,
  find: () => Collection | undefined,
  run: (collection: Collection) => T,
): Promise<T | undefined> {
  return attempt(context, () => {
    const collection = find();
    if (!collection) return undefined;
    const { sessions } = context.server;
    const running = sessions.writerOf(collection);
    if (running) throw new BlockedByTransaction(running);
    return run(collection);
  });
}

async function drop(context: CommandContext): Promise<Reply> {
  const name = writableName(context);
  const { store } = context.server;
  const dropped = await alone(
    context,
    () => store.catalog.find(context.database, name),
    (collection) => {
      store.dropCollection(collection);
      return { nIndexesWas: collection.indexes.length, ns: collection.namespace };
    },
  );
  if (!dropped) throw new CommandError('NamespaceNotFound', 'ns not found');
  return ok(dropped);
}

async function dropDatabase(context: CommandContext): Promise<Reply> {
  const { server, database } = context;
  const isThere = server.store.catalog.collectionsOf(database).length > 0;
  for (;;) {
    const dropped = await alone(
      context,
      () => server.store.catalog.collectionsOf(database)[0],
      (collection) => {
        server.store.dropCollection(collection);
        return true;
      },
    );
    if (!dropped) break;
  }
  if (isThere) server.store.events.append({ kind: 'dropDatabase', database });
  return ok({ dropped: database });
}

async function rename(context: CommandContext): Promise<Reply> {
  const [from, to] = [
    splitNamespace(stringOption(context.body, context.name)),
    splitNamespace(stringOption(context.body, 'to')),
  ];
  const { user } = context.connection;
  if (context.server.users.isRequired && !(user && mayUse(user, from.database) && mayUse(user, to.database))) {
    throw new CommandError('Unauthorized', `not authorized to rename ${from.database}.${from.name}`);
  }
  if (from.database !== to.database)
    throw new CommandError('CommandNotSupported', 'emulator: renaming into another database is not supported');
  const { store } = context.server;
  const existing = store.catalog.find(to.database, to.name);
  if (existing) {
    if (!flagOption(context.body, 'dropTarget')) throw new CommandError('NamespaceExists', 'target namespace exists');
    await alone(
      context,
      () => store.catalog.find(to.database, to.name),
      (collection) => store.dropCollection(collection),
    );
  }
  const renamed = await alone(
    context,
    () => store.catalog.find(from.database, from.name),
    (collection) => {
      store.catalog.rename(collection, to.name);
      store.events.append({ kind: 'rename', database: from.database, collection: from.name, to: to.name });
      return true;
    },
  );
  if (!renamed)
    throw new CommandError('NamespaceNotFound', `Source collection ${from.database}.${from.name} does not exist`);
  return ok();
}

function splitNamespace(namespace: string): { database: string; name: string } {
  const dot = namespace.indexOf('.');
  const parts = { database: namespace.slice(0, dot), name: namespace.slice(dot + 1) };
  assertNamespace(parts.database, parts.name);
  return parts;
}

/** The server's limit on indexes of one collection. */
const MAX_INDEXES = 64;

async function createIndexes(context: CommandContext): Promise<Reply> {
  const name = writableName(context);
  const definitions = arrayOption(context.body, 'indexes').map(parseIndex);
  if (definitions.length === 0) throw new CommandError('BadValue', 'Must specify at least one index to create');
  const { store } = context.server;
  const isCreated = !store.catalog.find(context.database, name);
  const counts = await alone(
    context,
    () => store.collectionFor(context.database, name),
    (collection) => {
      const before = collection.indexes.length;
      for (const definition of definitions.filter((each) => !existsAlready(collection, each))) {
        if (collection.indexes.length >= MAX_INDEXES)
          throw new CommandError('CannotCreateIndex', `add index fails, too many indexes, at most ${MAX_INDEXES}`);
        store.createIndex(collection, definition);
      }
      return { before, after: collection.indexes.length };
    },
  );
  const { before = 0, after = 0 } = counts ?? {};
  const fields: Doc = { numIndexesBefore: before, numIndexesAfter: after, createdCollectionAutomatically: isCreated };
  if (before === after) fields.note = 'all indexes already exist';
  return ok(fields);
}

/** Asking again for the same index is fine; asking for another one under its name or over its keys is not. */
function existsAlready(collection: Collection, wanted: IndexDefinition): boolean {
  for (const { definition } of collection.indexes) {
    const isSameName = definition.name === wanted.name;
    const isSameKey = hasSameKey(definition, wanted) && isEqual(definition.partialFilter, wanted.partialFilter);
    if (definition.name === '_id_' && isSameKey) return true;
    if (isSameName && isEqual(toSpec(definition), toSpec(wanted))) return true;
    if (isSameName) {
      throw new CommandError(
        'IndexKeySpecsConflict',
        `An existing index has the same name as the requested index: ${wanted.name}`,
      );
    }
    if (isSameKey) {
      throw new CommandError('IndexOptionsConflict', `Index already exists with a different name: ${definition.name}`);
    }
  }
  return false;
}

async function dropIndexes(context: CommandContext): Promise<Reply> {
  const name = writableName(context);
  const wanted = context.body.index as Value;
  const { store } = context.server;
  const before = await alone(
    context,
    () => store.catalog.find(context.database, name),
    (collection) => {
      const count = collection.indexes.length;
      for (const index of indexesToDrop(collection, wanted)) store.dropIndex(collection, index);
      return count;
    },
  );
  if (before === undefined) throw new CommandError('NamespaceNotFound', `ns not found ${context.database}.${name}`);
  return ok({ nIndexesWas: before });
}

function indexesToDrop(collection: Collection, wanted: Value): string[] {
  if (wanted === '*') return collection.indexes.slice(1).map(({ definition }) => definition.name);
  return (Array.isArray(wanted) ? wanted : [wanted]).map((each) => {
    const found = collection.indexes.find(
      ({ definition }) => definition.name === each || (isDoc(each) && isEqual(definition.key, each)),
    );
    if (!found) throw new CommandError('IndexNotFound', `index not found with name [${String(each)}]`);
    if (found.definition.name === '_id_') throw new CommandError('InvalidOptions', 'cannot drop _id index');
    return found.definition.name;
  });
}

function listIndexes(context: CommandContext): Reply {
  const name = stringOption(context.body, context.name);
  const collection = context.server.store.catalog.require(context.database, name);
  return cursorReply(context, { name, rows: rowsOf(collection.indexes.map(({ definition }) => toSpec(definition))) });
}

function listCollections(context: CommandContext): Reply {
  const { server, database, body } = context;
  const matches = compileFilter(docOption(body, 'filter') ?? {});
  const isNameOnly = flagOption(body, 'nameOnly');
  const docs = server.store.catalog
    .collectionsOf(database)
    .map(({ name, uuid }): Doc => {
      const entry: Doc = { name, type: 'collection' };
      return isNameOnly
        ? entry
        : { ...entry, options: {}, info: { readOnly: false, uuid }, idIndex: { v: 2, key: { _id: 1 }, name: '_id_' } };
    })
    .filter((doc) => matches(doc));
  return cursorReply(context, { name: '$cmd.listCollections', rows: rowsOf(docs) });
}

function listDatabases(context: CommandContext): Reply {
  const { server, connection, body } = context;
  const matches = compileFilter(docOption(body, 'filter') ?? {});
  const visible = server.store.catalog.databases.filter((name) => !connection.user || mayUse(connection.user, name));
  const databases = visible
    .map((name): Doc => (flagOption(body, 'nameOnly') ? { name } : { name, sizeOnDisk: 0, empty: false }))
    .filter((doc) => matches(doc));
  return ok(flagOption(body, 'nameOnly') ? { databases } : { databases, totalSize: 0 });
}
