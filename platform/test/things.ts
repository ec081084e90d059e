import { freshDatabase, type Stores } from '@marketgraph/stores/testing';
import { type Database, openDatabase } from '../src/postgres/postgres.ts';
import { silentLog as log } from '../src/testing/testing.ts';

/** A database of its own with an empty table of things, and the way to be rid of it. */
export async function openThings(
  stores: Stores,
  { name, poolSize, columns }: { name: string; poolSize: number; columns: string },
): Promise<{ db: Database; close(): Promise<void> }> {
  const fresh = await freshDatabase(stores, name);
  const db = await openDatabase({ url: fresh.ownerUrl, entities: [], log, applicationName: 'test', poolSize });
  await db.em.fork().execute(`create table thing (${columns})`);
  return {
    db,
    async close() {
      await db.close();
      await fresh.drop();
    },
  };
}
