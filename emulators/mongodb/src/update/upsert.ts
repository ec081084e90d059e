import { BSONRegExp, ObjectId } from 'bson';
import { isEqual } from '../bson/compare.ts';
import { splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { isOperatorObject } from '../query/matcher.ts';
import type { CompiledUpdate } from './compile.ts';
import { DocumentEdit } from './edit.ts';

/** The document an upsert inserts: the equalities of the filter, then the update, `_id` in front. */
export function buildUpsert(filter: Doc, update: CompiledUpdate, now: Date): Doc {
  const equalities = new Map<string, Value>();
  collectEqualities(filter, equalities);
  const seed = new DocumentEdit({});
  for (const [path, value] of equalities) {
    // A replacement takes nothing but the identity from the filter.
    if (update.kind !== 'replacement' || path === '_id') seed.set(splitPath(path), value);
  }
  const { doc } = update.apply(seed.doc, { now, isInsert: true, position: {} });
  return withIdFirst(doc);
}

export function withIdFirst(doc: Doc): Doc {
  const { _id = new ObjectId(), ...rest } = doc;
  return { _id, ...rest };
}

function collectEqualities(filter: Doc, into: Map<string, Value>): void {
  for (const [key, condition] of Object.entries(filter)) {
    if (key === '$and' || (key === '$or' && Array.isArray(condition) && condition.length === 1)) {
      for (const clause of condition as Value[]) if (isDoc(clause)) collectEqualities(clause, into);
    } else if (!key.startsWith('$')) {
      const value = equalityOf(condition);
      if (value !== undefined) addEquality(key, value, into);
    }
  }
}

function equalityOf(condition: Value): Value | undefined {
  if (condition instanceof BSONRegExp) return undefined;
  if (!isOperatorObject(condition)) return condition;
  if (Object.hasOwn(condition, '$eq')) return condition.$eq;
  const all = condition.$all;
  if (Array.isArray(all) && all.length === 1 && !isOperatorObject(all[0] as Value)) return all[0];
  return undefined;
}

function addEquality(path: string, value: Value, into: Map<string, Value>): void {
  for (const [existing, other] of into) {
    const overlaps = existing === path || existing.startsWith(`${path}.`) || path.startsWith(`${existing}.`);
    if (overlaps && !(existing === path && isEqual(other, value))) {
      throw new CommandError(
        'NotSingleValueField',
        `cannot infer query fields to set, path '${path}' is matched twice`,
      );
    }
  }
  into.set(path, value);
}
