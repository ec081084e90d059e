import { badRequest } from '../http/api-error.ts';
import type { CollectionSchema } from '../schema/collection-schema.ts';
import { checkDocument, type StoredDocument } from '../schema/document.ts';
import type { Catalog } from './catalog.ts';
import type { Collection } from './collection.ts';
import { SearchIndex } from './search-index.ts';
import { createIndex, dropIndex, tablesOf } from './tables.ts';
import { breathe, STEP_MS } from './turns.ts';

// Small enough that reading a page never shows in another request's time.
const PAGE = 100;

/**
 * Gives a collection another schema by building the next generation of its index beside the current one. Called in the
 * collection's turn: writers wait, searches go on with the old generation until the new one takes its place at once.
 */
export async function rebuild(catalog: Catalog, collection: Collection, schema: CollectionSchema): Promise<void> {
  const { db } = catalog;
  const generation = collection.generation + 1;
  const tables = tablesOf(collection.id, generation);
  const index = new SearchIndex(db, tables, schema);
  // A rebuild that failed before may have left its tables.
  dropIndex(db, tables);
  createIndex(db, tables, schema);
  try {
    for (let after = -1, done = false; !done;) {
      const step = performance.now();
      db.transaction(() => {
        while (!done && performance.now() - step < STEP_MS) {
          const page = collection.after(after, PAGE);
          for (const { seq, document } of page) {
            index.add(seq, fitting(document, schema));
            after = seq;
          }
          done = page.length < PAGE;
        }
        index.flush();
      });
      index.commit();
      await breathe();
    }
  } catch (cause) {
    dropIndex(db, tables);
    throw cause;
  }
  const old = collection.index.tables;
  catalog.saveSchema(collection, schema, generation);
  collection.index = index;
  collection.generation = generation;
  await catalog.dropTables(Object.values(old).filter((table) => table !== old.docs));
}

/** A document that does not fit the new schema stops the change: nothing is rewritten behind the client's back. */
function fitting(document: StoredDocument, schema: CollectionSchema): StoredDocument {
  try {
    const checked = checkDocument({ document, fields: schema.fields, dirtyValues: 'reject' });
    return { ...checked, id: document.id };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw badRequest(
      `Schema change is incompatible with the type of documents already stored in this collection. ${reason}`,
    );
  }
}
