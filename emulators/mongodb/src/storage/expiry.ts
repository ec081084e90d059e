import { committedView, DirectWriter } from './direct-writer.ts';
import { startDeadline } from '../deadline.ts';
import { findDocuments } from '../query/find-documents.ts';
import type { SecondaryIndex } from '../indexes/secondary-index.ts';
import type { Collection } from './collection.ts';
import type { Store } from './store.ts';

/** Documents removed per index and sweep; the rest waits for the next one. */
const MAX_PER_SWEEP = 5_000;

/** Removes documents whose TTL index says their time is over. Those a transaction holds stay until it has ended. */
export function removeExpired(store: Store, now: Date): number {
  let removed = 0;
  for (const collection of store.catalog.all()) {
    for (const index of collection.indexes) {
      if (index.definition.expireAfterSeconds !== undefined) removed += removeFrom(store, collection, { index, now });
    }
  }
  return removed;
}

function removeFrom(
  store: Store,
  collection: Collection,
  { index, now }: { index: SecondaryIndex; now: Date },
): number {
  const { name, fields, expireAfterSeconds = 0, partialFilter } = index.definition;
  const path = fields[0]?.path ?? '_id';
  const limit = new Date(now.getTime() - expireAfterSeconds * 1000);
  // Only dates expire; of several dates in an array the earliest counts, which is what matching any of them means.
  const filter = { ...partialFilter, $and: [{ [path]: { $lte: limit } }] };
  const deadline = startDeadline(undefined, new AbortController().signal);
  const { found } = findDocuments(
    collection,
    { filter, hint: name, limit: MAX_PER_SWEEP },
    { view: committedView, deadline },
  );
  const writer = new DirectWriter(store);
  const free = found.filter(({ record }) => record?.lockedBy === undefined);
  for (const each of free) writer.remove(collection, each);
  return free.length;
}
