import { resolveExpressionPath, splitPath } from '../bson/paths.ts';
import { isDoc, type Maybe, type Value } from '../bson/value.ts';
import type { Variables } from '../expression/compile.ts';

/**
 * Equalities of a field and a known value inside an `$expr`: what the sub-pipeline of a `$lookup` is made of. Only
 * scalars: an expression compares arrays whole, an index holds their elements.
 */
export function equalitiesOf(expression: Value, variables: Variables): [path: string, value: Value][] {
  if (!isDoc(expression)) return [];
  const { $and, $eq } = expression;
  if (Array.isArray($and)) return $and.flatMap((clause) => equalitiesOf(clause, variables));
  if (!Array.isArray($eq) || $eq.length !== 2) return [];
  const [left, right] = $eq as [Value, Value];
  return [pair(left, right, variables), pair(right, left, variables)].filter((found) => found !== undefined);
}

function pair(field: Value, other: Value, variables: Variables): [path: string, value: Value] | undefined {
  if (typeof field !== 'string' || !field.startsWith('$') || field.startsWith('$$')) return undefined;
  const value = knownValue(other, variables);
  if (value === undefined || value === null || Array.isArray(value) || isDoc(value)) return undefined;
  return [field.slice(1), value];
}

function knownValue(expression: Value, variables: Variables): Maybe {
  if (typeof expression !== 'string' || !expression.startsWith('$')) return isDoc(expression) ? undefined : expression;
  if (!expression.startsWith('$$')) return undefined;
  const [name = '', ...rest] = splitPath(expression.slice(2));
  return name in variables ? resolveExpressionPath(variables[name], rest) : undefined;
}
