import { isIdentical } from '../bson/compare.ts';
import { type Doc, isDoc, setField, type Value } from '../bson/value.ts';

/** What an update did to a document, as change streams tell it. */
export interface ChangeDescription {
  updatedFields: Doc;
  removedFields: string[];
  truncatedArrays: { field: string; newSize: number }[];
}

/** Derives the description from both versions; for updates that say only what the result is, not what they touched. */
export function describeDifference(before: Doc, after: Doc): ChangeDescription {
  const changes: ChangeDescription = { updatedFields: {}, removedFields: [], truncatedArrays: [] };
  compareDocs({ before, after, prefix: '', changes });
  return changes;
}

interface Comparison<T> {
  before: T;
  after: T;
  prefix: string;
  changes: ChangeDescription;
}

function compareDocs({ before, after, prefix, changes }: Comparison<Doc>): void {
  for (const field of Object.keys(before)) {
    if (!Object.hasOwn(after, field)) changes.removedFields.push(prefix + field);
  }
  for (const field of Object.keys(after)) {
    const path = prefix + field;
    if (!Object.hasOwn(before, field)) setField(changes.updatedFields, path, after[field] as Value);
    else compareValuesAt({ before: before[field] as Value, after: after[field] as Value, prefix: path, changes });
  }
}

function compareValuesAt({ before, after, prefix, changes }: Comparison<Value>): void {
  if (isIdentical(before, after)) return;
  if (isDoc(before) && isDoc(after)) {
    compareDocs({ before, after, prefix: `${prefix}.`, changes });
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareArrays({ before, after, prefix, changes });
  } else {
    setField(changes.updatedFields, prefix, after);
  }
}

function compareArrays({ before, after, prefix, changes }: Comparison<Value[]>): void {
  if (after.length < before.length) changes.truncatedArrays.push({ field: prefix, newSize: after.length });
  for (const [i, item] of after.entries()) {
    const path = `${prefix}.${i}`;
    if (i >= before.length) setField(changes.updatedFields, path, item);
    else compareValuesAt({ before: before[i] as Value, after: item, prefix: path, changes });
  }
}
