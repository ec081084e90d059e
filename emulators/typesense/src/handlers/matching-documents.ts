import { compileFilter } from '../filter/compile.ts';
import { parseFilter } from '../filter/parse.ts';
import type { StoredDocument } from '../schema/document.ts';
import type { Catalog } from '../store/catalog.ts';
import type { Collection } from '../store/collection.ts';
import { sql } from '../store/database.ts';
import { breathe, STEP_MS } from '../store/turns.ts';

type Found = { seq: number; document: StoredDocument };

/** Numbers of the documents a filter selects, after number `after`, in order. */
export function matchingNumbers(input: {
  catalog: Catalog;
  collection: Collection;
  filterBy: string;
  after: number;
  limit: number;
}): number[] {
  const { index } = input.collection;
  const node = parseFilter(input.filterBy);
  const condition = node === undefined ? sql('1') : compileFilter(node, index);
  const rows = input.catalog.db.all(
    `SELECT c.seq AS seq FROM ${index.tables.cols} c WHERE ${condition.text} AND c.seq > ? ORDER BY c.seq LIMIT ?`,
    [...condition.params, input.after, input.limit],
  );
  return rows.map((row) => Number(row['seq']));
}

/**
 * Does something to every document a filter selects: the selection is made once, then worked off in steps, so that other
 * requests are answered in between. A document that is gone by its turn is passed over.
 */
export async function changeMatching(
  catalog: Catalog,
  collection: Collection,
  filterBy: string,
  change: (found: Found) => void,
): Promise<number> {
  const numbers = matchingNumbers({ catalog, collection, filterBy, after: -1, limit: -1 });
  let changed = 0;
  for (let next = 0; next < numbers.length;) {
    await collection.turns.take(() => {
      const started = performance.now();
      collection.transaction(() => {
        while (next < numbers.length && performance.now() - started < STEP_MS) {
          const found = collection.at(numbers[next] ?? -1);
          next += 1;
          if (found === undefined) continue;
          change(found);
          changed += 1;
        }
      });
    });
    await breathe();
  }
  return changed;
}
