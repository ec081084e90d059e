import { unsupported } from '../http/api-error.ts';
import type { StoredDocument } from '../schema/document.ts';

export type FieldLists = { includeFields: readonly string[]; excludeFields: readonly string[] };

/** A document reduced to `include_fields`, without `exclude_fields`; the second wins. */
export function project(document: StoredDocument, fields: FieldLists): Record<string, unknown> {
  return projection(fields)(document);
}

/** The same for many documents: the lists are looked at once. */
export function projection(fields: FieldLists): (document: StoredDocument) => Record<string, unknown> {
  const { includeFields, excludeFields } = fields;
  if (includeFields.length === 0 && excludeFields.length === 0) return (document) => document;
  for (const name of [...includeFields, ...excludeFields]) {
    if (/[$(){}.]/.test(name) || (name.includes('*') && name !== '*'))
      throw unsupported(`\`${name}\` as a list of fields`);
  }
  const included = includeFields.length === 0 || includeFields.includes('*') ? undefined : new Set(includeFields);
  const excluded = new Set(excludeFields);
  const isShown = (name: string) => (included === undefined || included.has(name)) && !excluded.has(name);
  return (document) => Object.fromEntries(Object.entries(document).filter(([name]) => isShown(name)));
}
