import { CommandError } from '../errors.ts';
import { kindOf, isNumeric, toNumber } from './numeric.ts';
import { bsonTypeOf, type Maybe, type Value } from './value.ts';

/** Type numbers of the wire format by the aliases `$type` and `$convert` accept. */
const TYPE_CODES: Record<string, number> = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
};

const NAMES_BY_CODE = new Map(Object.entries(TYPE_CODES).map(([name, code]) => [code, name]));

const NAMES_BY_CLASS: Record<string, string> = {
  ObjectId: 'objectId',
  Binary: 'binData',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  BSONSymbol: 'symbol',
  Code: 'javascript',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
};

export function typeName(value: Maybe): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (isNumeric(value)) return kindOf(value);
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  return NAMES_BY_CLASS[bsonTypeOf(value) ?? ''] ?? 'object';
}

/** A test for the operand of `$type`: an alias, a number, `number`, or a list of these. */
export function typeTest(operand: Value): (value: Maybe) => boolean {
  const names = new Set((Array.isArray(operand) ? operand : [operand]).flatMap(namesFor));
  return (value) => names.has(typeName(value));
}

/** The canonical name of a type given by alias or number. */
export function typeNameFor(operand: Value): string {
  const [name, ...rest] = namesFor(operand);
  if (name === undefined || rest.length > 0) throw new CommandError('BadValue', `Unknown type name alias: ${operand}`);
  return name;
}

function namesFor(operand: Value): string[] {
  if (operand === 'number') return ['int', 'long', 'double', 'decimal'];
  if (typeof operand === 'string' && Object.hasOwn(TYPE_CODES, operand)) return [operand];
  if (isNumeric(operand)) {
    const name = NAMES_BY_CODE.get(toNumber(operand));
    if (name !== undefined) return [name];
  }
  throw new CommandError('BadValue', `Unknown type name alias or code: ${String(operand)}`);
}
