import type { Db, Document } from 'mongodb';

/** How many events like this have been written, published or not. */
export async function countWritten(db: Db, event: Document): Promise<number> {
  const [total] = await db
    .collection('outbox')
    .aggregate<{ count: number }>([
      { $unwind: '$events' },
      { $replaceWith: '$events' },
      { $match: event },
      { $count: 'count' },
    ])
    .toArray();
  return total?.count ?? 0;
}
