import { type MatchPosition, splitPath } from '../bson/paths.ts';
import { isNumeric } from '../bson/numeric.ts';
import { type Doc, isDoc, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter } from './matcher.ts';
import { wholeNumberOf } from './projection.ts';

type ArrayProjection = (doc: Doc, position?: MatchPosition) => Doc;

/** The forms only `find` knows; a `$slice` of an expression is the aggregation operator instead. */
export function isArrayProjection(value: Value): value is Doc {
  if (!isDoc(value)) return false;
  if ('$elemMatch' in value) return true;
  const slice = value.$slice;
  return isNumeric(slice) || (Array.isArray(slice) && slice.length === 2 && slice.every(isNumeric));
}

export function compileArrayProjection(path: string, operand: Doc | '$'): ArrayProjection {
  const parts = splitPath(path);
  if (operand === '$') return (doc, position) => onArray(doc, parts, (items) => positional(items, position));
  if ('$elemMatch' in operand) {
    const matches = compileFilter({ items: { $elemMatch: operand.$elemMatch as Value } });
    return (doc) =>
      onArray(doc, parts, (items) => {
        const found = items.find((item) => matches({ items: [item] }));
        return found === undefined ? undefined : [found];
      });
  }
  const slice = slicer(operand.$slice as Value);
  return (doc) => onArray(doc, parts, slice);
}

function positional(items: Value[], position: MatchPosition | undefined): Value[] {
  const index = position?.index;
  if (index === undefined || index >= items.length) {
    throw new CommandError('BadValue', "Executor error: the positional operator '$' found no matching array element");
  }
  return [items[index] as Value];
}

function slicer(operand: Value): (items: Value[]) => Value[] {
  if (!Array.isArray(operand)) {
    const count = wholeNumberOf(operand, '$slice');
    return (items) => (count >= 0 ? items.slice(0, count) : items.slice(count));
  }
  const [skip = 0, limit = 0] = operand.map((item) => wholeNumberOf(item, '$slice'));
  if (limit <= 0) throw new CommandError('BadValue', '$slice limit must be positive');
  return (items) => {
    const start = skip < 0 ? Math.max(0, items.length + skip) : skip;
    return items.slice(start, start + limit);
  };
}

/** Replaces the array at a path, copying the way to it; an `undefined` result removes the field. */
function onArray(doc: Doc, parts: string[], change: (items: Value[]) => Value[] | undefined): Doc {
  const [field, ...rest] = parts;
  if (field === undefined || !Object.hasOwn(doc, field)) return doc;
  const current = doc[field] as Value;
  const copy: Doc = { ...doc };
  if (rest.length === 0) {
    if (!Array.isArray(current)) return doc;
    const changed = change(current);
    if (changed === undefined) delete copy[field];
    else setField(copy, field, changed);
    return copy;
  }
  const inside = (value: Value): Value => (isDoc(value) ? onArray(value, rest, change) : value);
  setField(copy, field, Array.isArray(current) ? current.map(inside) : inside(current));
  return copy;
}
