import type { EventEnvelope } from '@marketgraph/platform/messaging';
import type { Db } from 'mongodb';

/** How many events like this have been written, published or not. */
export async function countWritten(db: Db, isMeant: (event: EventEnvelope) => boolean): Promise<number> {
  let count = 0;
  for await (const { texts } of db.collection<{ texts: string[] }>('outbox').find()) {
    for (const text of texts) if (isMeant(JSON.parse(text) as EventEnvelope)) count += 1;
  }
  return count;
}
