import { BSONRegExp } from 'bson';
import { isEqual } from '../bson/compare.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { typeName } from '../bson/type-names.ts';
import { type Doc, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { comparatorOf } from '../expression/arrays.ts';
import { compileFilter, isOperatorObject } from '../query/matcher.ts';
import { type ChangeField, type FieldOperator, KEEP, setTo } from './field-operators.ts';

export const arrayUpdateOperators: Record<string, FieldOperator> = {
  $push: (operand, path) => {
    const modifiers = pushModifiers(operand);
    return (current) => {
      const items = existingArray('$push', current, path);
      if (!modifiers.isPlain) return setTo(pushed(items ?? [], modifiers));
      return items ? { kind: 'append', items: modifiers.each } : setTo([...modifiers.each]);
    };
  },
  $addToSet: (operand, path) => {
    const each = eachOf('$addToSet', operand) ?? [operand];
    return (current) => {
      const items = existingArray('$addToSet', current, path);
      const added: Value[] = [];
      for (const item of each) {
        const isThere = [...(items ?? []), ...added].some((existing) => isEqual(existing, item));
        if (!isThere) added.push(item);
      }
      if (!items) return setTo(added);
      return added.length === 0 ? KEEP : { kind: 'append', items: added };
    };
  },
  $pull: (operand, path) => removing('$pull', path, pullTest(operand)),
  $pullAll: (operand, path) => {
    if (!Array.isArray(operand)) {
      throw new CommandError('BadValue', `$pullAll requires an array argument but was given a ${typeName(operand)}`);
    }
    return removing('$pullAll', path, (item) => operand.some((unwanted) => isEqual(item, unwanted)));
  },
  $pop: (operand, path) => {
    const end = isNumeric(operand) ? toNumber(operand) : 0;
    if (end !== 1 && end !== -1) throw new CommandError('FailedToParse', '$pop expects 1 or -1');
    return (current) => {
      const items = requiredArray('$pop', current, path);
      if (!items || items.length === 0) return KEEP;
      return setTo(end === 1 ? items.slice(0, -1) : items.slice(1));
    };
  },
};

interface PushModifiers {
  each: Value[];
  position?: number;
  slice?: number;
  compare?: (left: Value, right: Value) => number;
  /** Only appends: neither moves nor drops anything that was there. */
  isPlain: boolean;
}

const PUSH_MODIFIERS = new Set(['$each', '$position', '$slice', '$sort']);

function pushModifiers(operand: Value): PushModifiers {
  const each = eachOf('$push', operand);
  if (!each) return { each: [operand], isPlain: true };
  const modifiers = operand as Doc;
  const unknown = Object.keys(modifiers).find((name) => !PUSH_MODIFIERS.has(name));
  if (unknown !== undefined) throw new CommandError('BadValue', `Unrecognized clause in $push: ${unknown} (emulator)`);
  const { $position, $slice, $sort } = modifiers;
  return {
    each,
    position: $position === undefined ? undefined : wholeNumber('$position', $position),
    slice: $slice === undefined ? undefined : wholeNumber('$slice', $slice),
    compare: $sort === undefined ? undefined : comparatorOf($sort),
    isPlain: Object.keys(modifiers).length === 1,
  };
}

/** The server's order of steps: insert, then sort, then cut. */
function pushed(items: Value[], { each, position, slice, compare }: PushModifiers): Value[] {
  const at = position === undefined ? items.length : position < 0 ? Math.max(0, items.length + position) : position;
  let result = items.toSpliced(at, 0, ...each);
  if (compare) result = result.toSorted(compare);
  if (slice === undefined) return result;
  return slice >= 0 ? result.slice(0, slice) : result.slice(slice);
}

function removing(name: string, path: string, isRemoved: (item: Value) => boolean): ChangeField {
  return (current) => {
    const items = requiredArray(name, current, path);
    if (!items) return KEEP;
    const kept = items.filter((item) => !isRemoved(item));
    return kept.length === items.length ? KEEP : setTo(kept);
  };
}

/** A document pulls elements with at least these fields; operators test the element; anything else is equality. */
function pullTest(operand: Value): (item: Value) => boolean {
  if (isOperatorObject(operand) || operand instanceof BSONRegExp) {
    const matches = compileFilter({ item: operand });
    return (item) => matches({ item });
  }
  if (isDoc(operand)) {
    const matches = compileFilter(operand);
    return (item) => isDoc(item) && matches(item);
  }
  return (item) => isEqual(item, operand);
}

function eachOf(name: string, operand: Value): Value[] | undefined {
  if (!isDoc(operand) || !Object.hasOwn(operand, '$each')) return undefined;
  if (!Array.isArray(operand.$each)) {
    throw new CommandError('TypeMismatch', `The argument to $each in ${name} must be an array`);
  }
  if (name === '$addToSet' && Object.keys(operand).length > 1) {
    throw new CommandError('BadValue', 'Found unexpected fields after $each in $addToSet');
  }
  return operand.$each;
}

function existingArray(name: string, current: Maybe, path: string): Value[] | undefined {
  if (current === undefined || Array.isArray(current)) return current;
  throw new CommandError(
    'BadValue',
    `The field '${path}' must be an array but is of type ${typeName(current)} (${name})`,
  );
}

function requiredArray(name: string, current: Maybe, path: string): Value[] | undefined {
  if (current === undefined || Array.isArray(current)) return current;
  throw new CommandError('BadValue', `Cannot apply ${name} to a non-array value at '${path}'`);
}

function wholeNumber(name: string, operand: Value): number {
  if (isNumeric(operand) && Number.isSafeInteger(toNumber(operand))) return toNumber(operand);
  throw new CommandError('BadValue', `The value for ${name} must be an integer value`);
}
