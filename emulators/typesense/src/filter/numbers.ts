import { badRequest } from '../http/api-error.ts';
import type { Field } from '../schema/field.ts';
import { type Sql, sql } from '../store/database.ts';
import type { FilterValue } from './ast.ts';

const COMPARISON = /^(<=|>=|!=|<|>|=)?\s*(.*)$/s;
const SQL_OPERATOR: Readonly<Record<string, string>> = {
  '<=': '<=',
  '>=': '>=',
  '!=': '<>',
  '<': '<',
  '>': '>',
  '=': '=',
};

/** One value of a numeric filter: `40`, `>=40`, `10..40`, as a condition on `column`. */
export function parseNumbers(field: Field, value: FilterValue, column: string): Sql {
  const range = value.text.split('..');
  if (range.length === 2) {
    return sql(`${column} BETWEEN ? AND ?`, readNumber(field, range[0] ?? ''), readNumber(field, range[1] ?? ''));
  }
  const [, operator = '=', number = ''] = COMPARISON.exec(value.text) ?? [];
  return sql(`${column} ${SQL_OPERATOR[operator] ?? '='} ?`, readNumber(field, number));
}

function readNumber(field: Field, text: string): number {
  const trimmed = text.trim();
  const kind = field.type.replace('[]', '');
  if (kind === 'float') {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) {
      throw badRequest(`Error with filter field \`${field.name}\`: Not a float.`);
    }
    return Number(trimmed);
  }
  if (!/^[+-]?\d+$/.test(trimmed)) throw badRequest(`Error with filter field \`${field.name}\`: Not an ${kind}.`);
  const number = Number(trimmed);
  if (kind === 'int32' && Math.abs(number) > 2_147_483_648) {
    throw badRequest(`Error with filter field \`${field.name}\`: \`${trimmed}\` exceeds the range of an int32.`);
  }
  if (!Number.isSafeInteger(number)) {
    throw badRequest(`Error with filter field \`${field.name}\`: \`${trimmed}\` exceeds the range of an int64.`);
  }
  return number;
}
