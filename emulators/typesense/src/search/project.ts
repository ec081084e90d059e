import { unsupported } from '../http/api-error.ts';
import type { StoredDocument } from '../schema/document.ts';

/** A document reduced to `include_fields`, without `exclude_fields`; the second wins. */
export function project(
  document: StoredDocument,
  fields: { includeFields: readonly string[]; excludeFields: readonly string[] },
): Record<string, unknown> {
  const { includeFields, excludeFields } = fields;
  if (includeFields.length === 0 && excludeFields.length === 0) return document;
  for (const name of [...includeFields, ...excludeFields]) {
    if (/[$(){}.]/.test(name) || (name.includes('*') && name !== '*'))
      throw unsupported(`\`${name}\` as a list of fields`);
  }
  const all = includeFields.length === 0 || includeFields.includes('*');
  return Object.fromEntries(
    Object.entries(document).filter(([name]) => (all || includeFields.includes(name)) && !excludeFields.includes(name)),
  );
}
