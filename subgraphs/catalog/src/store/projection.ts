import type { Document } from 'mongodb';

const known = new WeakMap<readonly string[], Document>();

/** The projection to these fields and `_id`. All of a document when none are named. */
export function projectionTo(fields: readonly string[] | undefined): Document | undefined {
  if (!fields) return undefined;
  let projection = known.get(fields);
  if (!projection) known.set(fields, (projection = Object.fromEntries(fields.map((field) => [field, 1]))));
  return projection;
}
