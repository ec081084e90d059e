import { compareValues } from '../bson/compare.ts';
import { keyString } from '../bson/key-string.ts';
import { type Doc, isDoc, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileExpression, type Scope, type Variables } from '../expression/compile.ts';
import { namedOperands } from '../expression/evaluate.ts';
import { type Accumulator, compileAccumulator, type MakeAccumulator } from './accumulators.ts';
import { docOperand } from './reshape.ts';
import type { Stage } from './stage.ts';

type Fields = [field: string, make: MakeAccumulator][];

export function compileGroup(operand: Value, variables: Variables): Stage {
  const { _id, ...rest } = docOperand('$group', operand);
  if (_id === undefined) throw new CommandError('BadValue', 'a group specification must include an _id');
  const groupId = compileExpression(_id);
  const fields = compileFields(rest, variables);
  return function* group(docs) {
    const groups = new Map<string, { id: Value; accumulators: Accumulator[] }>();
    for (const root of docs) {
      const scope: Scope = { root, variables };
      const id = groupId(scope) ?? null;
      const key = keyString(id);
      let found = groups.get(key);
      if (!found) groups.set(key, (found = { id, accumulators: fields.map(([, make]) => make()) }));
      for (const accumulator of found.accumulators) accumulator.add(scope);
    }
    for (const { id, accumulators } of groups.values()) yield toDoc(id, fields, accumulators);
  };
}

export function compileSortByCount(operand: Value, variables: Variables): Stage {
  const group = compileGroup({ _id: operand, count: { $sum: 1 } }, variables);
  return function* sortByCount(docs) {
    yield* [...group(docs)].toSorted((left, right) => compareValues(right.count, left.count));
  };
}

export function compileBucket(operand: Value, variables: Variables): Stage {
  const parts = namedOperands('$bucket', operand, {
    required: ['groupBy', 'boundaries'],
    optional: ['default', 'output'],
  });
  const boundaries = boundariesOf(parts.boundaries);
  const groupBy = compileExpression(parts.groupBy as Value);
  const fields = compileFields(outputOf(parts.output), variables);
  const fallback = parts.default;
  return function* bucket(docs) {
    const buckets = new Map<string, { id: Value; accumulators: Accumulator[] }>();
    for (const root of docs) {
      const scope: Scope = { root, variables };
      const value = groupBy(scope);
      const at = boundaries.findIndex((boundary, i) => {
        const next = boundaries[i + 1];
        return next !== undefined && compareValues(value, boundary) >= 0 && compareValues(value, next) < 0;
      });
      const id = at >= 0 ? boundaries[at] : fallback;
      if (id === undefined) {
        throw new CommandError(
          'BadValue',
          '$switch could not find a matching branch for an input, and no default was specified in $bucket',
        );
      }
      const key = keyString(id);
      let found = buckets.get(key);
      if (!found) buckets.set(key, (found = { id, accumulators: fields.map(([, make]) => make()) }));
      for (const accumulator of found.accumulators) accumulator.add(scope);
    }
    const sorted = [...buckets.values()].toSorted((left, right) => compareValues(left.id, right.id));
    for (const { id, accumulators } of sorted) yield toDoc(id, fields, accumulators);
  };
}

function boundariesOf(operand: Value | undefined): Value[] {
  const boundaries = Array.isArray(operand) ? operand : [];
  const isAscending = boundaries.every((value, i) => i === 0 || compareValues(boundaries[i - 1], value) < 0);
  if (boundaries.length < 2 || !isAscending) {
    throw new CommandError('BadValue', "The $bucket 'boundaries' must be an ascending array of at least 2 values");
  }
  return boundaries;
}

function outputOf(operand: Value | undefined): Doc {
  if (operand === undefined) return { count: { $sum: 1 } };
  if (!isDoc(operand)) throw new CommandError('BadValue', "The $bucket 'output' field must be an object");
  return operand;
}

function compileFields(spec: Doc, variables: Variables): Fields {
  return Object.entries(spec).map(([field, operand]) => {
    const [name, ...others] = isDoc(operand) ? Object.keys(operand) : [];
    if (name === undefined || others.length > 0 || field.includes('.')) {
      throw new CommandError('BadValue', `The field '${field}' must be an accumulator object`);
    }
    return [field, compileAccumulator(name, (operand as Doc)[name] as Value, { root: {}, variables })];
  });
}

function toDoc(id: Value, fields: Fields, accumulators: Accumulator[]): Doc {
  const doc: Doc = { _id: id };
  for (const [i, [field]] of fields.entries()) setField(doc, field, (accumulators[i] as Accumulator).result());
  return doc;
}
