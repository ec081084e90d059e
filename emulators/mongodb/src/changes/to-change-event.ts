import { Long } from 'bson';
import type { Doc } from '../bson/value.ts';
import type { LoggedEvent } from '../storage/event-log.ts';

export interface Rendering {
  token: Doc;
  /** Finds the document as it is now, for `updateLookup`. */
  lookUp?: (event: LoggedEvent) => Doc | null;
}

/** The document a client receives for an event. */
export function toChangeEvent(event: LoggedEvent, { token, lookUp }: Rendering): Doc {
  const doc: Doc = { _id: token, operationType: event.kind, clusterTime: event.time, wallTime: event.wallTime };
  if (event.origin) {
    doc.lsid = event.origin.lsid;
    doc.txnNumber = Long.fromNumber(event.origin.txnNumber);
  }
  doc.ns = event.collection === undefined ? { db: event.database } : { db: event.database, coll: event.collection };
  if (event.to !== undefined) doc.to = { db: event.database, coll: event.to };
  if (event.key) doc.documentKey = event.key;
  if (event.document) doc.fullDocument = event.document;
  if (event.change) {
    const { updatedFields, removedFields, truncatedArrays } = event.change;
    doc.updateDescription = {
      updatedFields,
      removedFields,
      truncatedArrays: truncatedArrays.map((each) => ({ ...each })),
    };
    if (lookUp) doc.fullDocument = lookUp(event);
  }
  return doc;
}
