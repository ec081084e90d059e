import { typeName } from '../bson/type-names.ts';
import { type Doc, getField, isDoc, type Maybe, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { fixed, namedOperands, type OperatorTable, variadic } from './evaluate.ts';
import { isNullish } from './truth.ts';

export const objectOperators: OperatorTable = {
  $mergeObjects: variadic((values) => {
    const docs = values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
    return docs.reduce<Doc>((merged, doc) => mergeInto(merged, doc), {});
  }),
  $objectToArray: fixed('$objectToArray', 1, (value) => {
    if (isNullish(value)) return null;
    return Object.entries(docOf('$objectToArray', value)).map(([k, v]) => ({ k, v }));
  }),
  $arrayToObject: fixed('$arrayToObject', 1, (value) => {
    if (isNullish(value)) return null;
    if (!Array.isArray(value)) throw new CommandError('BadValue', '$arrayToObject requires an array');
    const doc: Doc = {};
    for (const item of value) {
      const [key, entry] = Array.isArray(item) ? item : isDoc(item) ? [item.k, item.v] : [];
      if (typeof key !== 'string' || entry === undefined) {
        throw new CommandError('BadValue', '$arrayToObject requires pairs of a string key and a value');
      }
      setField(doc, key, entry);
    }
    return doc;
  }),
  $getField: (operand, compile) => {
    const isShort = typeof operand === 'string';
    const parts = isShort
      ? { field: operand }
      : namedOperands('$getField', operand, { required: ['field'], optional: ['input'] });
    const name = constantName('$getField', parts.field as Value);
    const input = compile(parts.input ?? '$$CURRENT');
    return (scope) => {
      const doc = input(scope);
      return isDoc(doc) ? getField(doc, name) : isNullish(doc) ? doc : undefined;
    };
  },
  $setField: (operand, compile) => {
    const parts = namedOperands('$setField', operand, { required: ['field', 'input', 'value'] });
    const name = constantName('$setField', parts.field as Value);
    const [input, value] = [compile(parts.input as Value), compile(parts.value as Value)];
    return (scope) => withField(input(scope), name, value(scope));
  },
  $unsetField: (operand, compile) => {
    const parts = namedOperands('$unsetField', operand, { required: ['field', 'input'] });
    const name = constantName('$unsetField', parts.field as Value);
    const input = compile(parts.input as Value);
    return (scope) => withField(input(scope), name, undefined);
  },
};

export function mergeInto(target: Doc, value: Maybe): Doc {
  if (isNullish(value)) return target;
  for (const [field, item] of Object.entries(docOf('$mergeObjects', value))) setField(target, field, item);
  return target;
}

function withField(input: Maybe, name: string, value: Maybe): Maybe {
  if (isNullish(input)) return null;
  const copy: Doc = { ...docOf('$setField', input) };
  if (value === undefined) delete copy[name];
  else setField(copy, name, value);
  return copy;
}

/** Field names here are constants; a name that begins with `$` is written with `$literal`. */
function constantName(operator: string, name: Value): string {
  const literal = isDoc(name) ? name.$literal : name;
  if (typeof literal === 'string' && (isDoc(name) || !literal.startsWith('$'))) return literal;
  throw new CommandError('BadValue', `${operator} requires 'field' to be a constant string`);
}

function docOf(name: string, value: Maybe): Doc {
  if (isDoc(value)) return value;
  throw new CommandError('BadValue', `${name} requires object inputs, but input is of type ${typeName(value)}`);
}
