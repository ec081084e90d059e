import { compareValues, isEqual, typeOrder } from '../bson/compare.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import type { IndexDefinition } from '../indexes/definition.ts';
import { compileFilter, isOperatorObject } from './matcher.ts';

/**
 * True when every document the filter can find is in the index. A plain index holds all documents; a sparse or
 * partial one may be used only when the filter asks for nothing it leaves out.
 */
export function impliesIndexed(definition: IndexDefinition, filter: Doc): boolean {
  if (definition.isSparse) return definition.fields.some(({ path }) => requiresField(filter, path));
  if (definition.partialFilter) return implies(filter, definition.partialFilter);
  return true;
}

/** The filter only matches documents that have this field. */
function requiresField(filter: Doc, path: string): boolean {
  return conditionsOn(filter, path).some((condition) => {
    if (!isOperatorObject(condition)) return condition !== null && condition !== undefined;
    return Object.entries(condition).some(([operator, operand]) => {
      switch (operator) {
        case '$eq':
        case '$gt':
        case '$gte':
        case '$lt':
        case '$lte':
          return operand !== null;
        case '$exists':
          return operand === true || operand === 1;
        case '$in':
          return Array.isArray(operand) && !operand.includes(null);
        default:
          return false;
      }
    });
  });
}

/** Sound, not complete: a filter it does not understand simply does not use the index. */
function implies(filter: Doc, partial: Doc): boolean {
  return Object.entries(partial).every(([path, expected]) => {
    if (path === '$and' && Array.isArray(expected)) {
      return expected.every((clause) => isDoc(clause) && implies(filter, clause));
    }
    if (path.startsWith('$')) return conditionsOn(filter, path).some((condition) => isEqual(condition, expected));
    const requirements: Doc = isOperatorObject(expected) ? expected : { $eq: expected };
    return Object.entries(requirements).every(([operator, operand]) => impliesOne({ filter, path, operator, operand }));
  });
}

interface Requirement {
  filter: Doc;
  path: string;
  operator: string;
  operand: Value;
}

function impliesOne({ filter, path, operator, operand }: Requirement): boolean {
  if (operator === '$exists') return operand !== false && operand !== 0 && requiresField(filter, path);
  return conditionsOn(filter, path).some((condition) => {
    const given: Doc = isOperatorObject(condition) ? condition : { $eq: condition };
    return Object.entries(given).some(([name, value]) => {
      if (name === operator && isEqual(value, operand)) return true;
      // Knowing the value, the requirement can simply be tried; an array could satisfy either by another element.
      if (name === '$eq' && !Array.isArray(value)) return compileFilter({ v: { [operator]: operand } })({ v: value });
      if (name === '$in' && Array.isArray(value) && value.length > 0) {
        const meets = compileFilter({ v: { [operator]: operand } });
        return value.every((item) => !Array.isArray(item) && meets({ v: item }));
      }
      return isTighter(name, value, { operator, operand });
    });
  });
}

/** `$gt: 5` lies within `$gte: 3`. */
function isTighter(name: string, value: Value, { operator, operand }: { operator: string; operand: Value }): boolean {
  if (typeOrder(value) !== typeOrder(operand)) return false;
  const order = compareValues(value, operand);
  if (operator === '$gt') return (name === '$gt' && order >= 0) || (name === '$gte' && order > 0);
  if (operator === '$gte') return (name === '$gt' || name === '$gte') && order >= 0;
  if (operator === '$lt') return (name === '$lt' && order <= 0) || (name === '$lte' && order < 0);
  if (operator === '$lte') return (name === '$lt' || name === '$lte') && order <= 0;
  return false;
}

function conditionsOn(filter: Doc, path: string): Value[] {
  return Object.entries(filter).flatMap(([key, condition]) => {
    if (key === path) return [condition];
    if (key !== '$and' || !Array.isArray(condition)) return [];
    return condition.flatMap((clause) => (isDoc(clause) ? conditionsOn(clause, path) : []));
  });
}
