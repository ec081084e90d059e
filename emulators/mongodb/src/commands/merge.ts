import { mayUse } from '../auth/users.ts';
import { isEqual } from '../bson/compare.ts';
import { keyString } from '../bson/key-string.ts';
import { getAtPath, splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileExpression } from '../expression/compile.ts';
import { namedOperands } from '../expression/evaluate.ts';
import { findDocuments } from '../query/find-documents.ts';
import { assertNamespace } from '../storage/catalog.ts';
import type { Collection } from '../storage/collection.ts';
import type { Rewrite } from '../storage/writer.ts';
import { BlockedByTransaction } from '../transactions/transaction.ts';
import { describeDifference } from '../update/changes.ts';
import { compileUpdatePipeline } from '../update/pipeline.ts';
import { withIdFirst } from '../update/upsert.ts';
import { attempt } from './attempt.ts';
import type { CommandContext } from './command.ts';
import { assertStorable } from './write.ts';

const WHEN_MATCHED = new Set(['merge', 'replace', 'keepExisting', 'fail']);
const WHEN_NOT_MATCHED = new Set(['insert', 'discard', 'fail']);

interface Target {
  database: string;
  name: string;
}

/** Writes the results into a collection document by document, each found by the `on` fields. */
export async function runMerge(context: CommandContext, operand: Value, docs: Doc[]): Promise<void> {
  assertOutside(context, '$merge');
  const parts =
    typeof operand === 'string'
      ? { into: operand }
      : namedOperands('$merge', operand, {
          required: ['into'],
          optional: ['on', 'let', 'whenMatched', 'whenNotMatched'],
        });
  const { into, on = '_id', whenMatched = 'merge', whenNotMatched = 'insert', let: lets = {} } = parts as Doc;
  if (
    !(Array.isArray(whenMatched) || WHEN_MATCHED.has(whenMatched as string)) ||
    !WHEN_NOT_MATCHED.has(whenNotMatched as string)
  ) {
    throw new CommandError('BadValue', 'whenMatched or whenNotMatched of $merge has an unknown value (emulator)');
  }
  const { database, name } = targetOf(context, into as Value);
  const paths = (Array.isArray(on) ? on : [on]) as string[];
  const collection = context.server.store.collectionFor(database, name);
  assertUniqueOn(collection, paths);
  for (const doc of docs) {
    context.deadline.check();
    const identified = paths.includes('_id') && doc._id === undefined ? withIdFirst(doc) : doc;
    await attempt(context, () =>
      mergeOne(context, {
        collection,
        doc: identified,
        paths,
        whenMatched,
        whenNotMatched: whenNotMatched as string,
        lets: lets as Doc,
      }),
    );
  }
}

interface Merge {
  collection: Collection;
  doc: Doc;
  paths: string[];
  whenMatched: Value;
  whenNotMatched: string;
  lets: Doc;
}

function mergeOne(context: CommandContext, merge: Merge): void {
  const { collection, doc, paths, whenMatched, whenNotMatched } = merge;
  const { writer, read } = context;
  const filter: Doc = {};
  for (const path of paths) {
    const value = getAtPath(doc, splitPath(path));
    if (value === undefined || value === null || Array.isArray(value)) {
      throw new CommandError(
        'BadValue',
        `$merge write error: 'on' field '${path}' cannot be missing, null or an array`,
      );
    }
    setField(filter, path, { $eq: value });
  }
  const [found] = findDocuments(collection, { filter, limit: 1 }, read).found;
  if (!found) {
    if (whenNotMatched === 'fail')
      throw new CommandError(
        'MergeStageNoMatchingDocument',
        '$merge could not find a matching document in the target collection',
      );
    if (whenNotMatched === 'insert') {
      const fresh = withIdFirst(doc);
      assertStorable(fresh);
      writer.insert(collection, fresh);
    }
    return;
  }
  if (whenMatched === 'keepExisting') return;
  if (whenMatched === 'fail')
    throw new CommandError('DuplicateKey', '$merge found a document that already exists in the target collection');
  const merged = withIdFirst(mergedDoc(context, found.doc, merge));
  if (!isEqual(merged._id, found.doc._id))
    throw new CommandError('ImmutableField', "$merge failed to update the immutable field '_id'");
  const rewrite: Rewrite =
    whenMatched === 'replace'
      ? { kind: 'replace', doc: merged }
      : { kind: 'update', doc: merged, change: describeDifference(found.doc, merged) };
  writer.assertFree(collection, [found], [rewrite]);
  writer.rewrite(collection, found, rewrite);
}

function mergedDoc({ variables }: CommandContext, existing: Doc, { doc, whenMatched, lets }: Merge): Doc {
  if (whenMatched === 'replace') return doc._id === undefined ? { _id: existing._id as Value, ...doc } : doc;
  if (!Array.isArray(whenMatched)) return { ...existing, ...doc };
  const added = Object.entries(lets).map(
    ([name, value]) => [name, compileExpression(value)({ root: doc, variables })] as const,
  );
  return compileUpdatePipeline(whenMatched, { ...variables, ...Object.fromEntries(added), new: doc })(existing);
}

/** Replaces a collection by the results: written beside it first, so that readers see the old or the new one. */
export async function runOut(context: CommandContext, operand: Value, docs: Doc[]): Promise<void> {
  assertOutside(context, '$out');
  const { database, name } = targetOf(context, operand);
  const { store, sessions } = context.server;
  const fresh = docs.map(withIdFirst);
  fresh.forEach(assertStorable);
  await attempt(context, () => {
    const collection = store.collectionFor(database, name);
    context.writer.assertFree(
      collection,
      [...collection.records.values()].map((record) => ({ id: record.id, record, doc: record.doc as Doc })),
    );
    const running = sessions.writerOf(collection);
    if (running) throw new BlockedByTransaction(running);
    const seen = new Set<string>();
    for (const doc of fresh) {
      const key = keyString(doc._id);
      if (seen.has(key))
        throw new CommandError('DuplicateKey', 'E11000 duplicate key error: two results of $out have the same _id');
      seen.add(key);
    }
    for (const record of [...collection.records.values()])
      context.writer.remove(collection, { id: record.id, record, doc: record.doc as Doc });
    for (const doc of fresh) context.writer.insert(collection, doc);
  });
}

function targetOf({ database, connection, server }: CommandContext, into: Value): Target {
  if (isDoc(into)) {
    const { db, coll } = namedOperands('the target', into, { required: ['db', 'coll'] });
    return checked({ database: db as string, name: coll as string });
  }
  return checked({ database, name: into as string });

  function checked(found: Target): Target {
    if (typeof found.database !== 'string' || typeof found.name !== 'string')
      throw new CommandError('TypeMismatch', 'the target of $merge and $out must be a collection');
    assertNamespace(found.database, found.name);
    if (server.users.isRequired && !(connection.user && mayUse(connection.user, found.database))) {
      throw new CommandError('Unauthorized', `not authorized on ${found.database} to write`);
    }
    return found;
  }
}

function assertUniqueOn(collection: Collection, paths: string[]): void {
  if (paths.length === 1 && paths[0] === '_id') return;
  const wanted = paths.toSorted().join('\0');
  const isUnique = collection.indexes.some(
    ({ definition }) =>
      definition.isUnique && !definition.partialFilter && Object.keys(definition.key).toSorted().join('\0') === wanted,
  );
  if (!isUnique)
    throw new CommandError('BadValue', "Cannot find index to verify that join fields will be unique in $merge's 'on'");
}

function assertOutside({ transaction }: CommandContext, stage: string): void {
  if (transaction)
    throw new CommandError('OperationNotSupportedInTransaction', `${stage} cannot be used in a transaction`);
}
