import { Long, Timestamp } from 'bson';
import { compareValues } from '../bson/compare.ts';
import { add, fromWhole, isLong, isNumeric, kindOf, multiply, type Numeric } from '../bson/numeric.ts';
import { typeName } from '../bson/type-names.ts';
import { isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';

/** What becomes of one field. */
export type FieldChange =
  | { kind: 'keep' }
  | { kind: 'set'; value: Value }
  | { kind: 'append'; items: Value[] }
  | { kind: 'unset' };

export interface UpdateMoment {
  now: Date;
  /** True while an upsert builds the document it is about to insert. */
  isInsert: boolean;
}

export type ChangeField = (current: Maybe, moment: UpdateMoment) => FieldChange;

/** Compiles the operand once; it runs for every path the operator's path stands for. */
export type FieldOperator = (operand: Value, path: string) => ChangeField;

export const KEEP: FieldChange = { kind: 'keep' };

export function setTo(value: Value): FieldChange {
  return { kind: 'set', value };
}

export const fieldOperators: Record<string, FieldOperator> = {
  $set: (operand) => () => setTo(operand),
  $setOnInsert:
    (operand) =>
    (_current, { isInsert }) =>
      isInsert ? setTo(operand) : KEEP,
  $unset: () => (current) => (current === undefined ? KEEP : { kind: 'unset' }),
  $inc: (operand, path) => {
    const amount = numericOperand('$inc', operand, path);
    return (current) =>
      setTo(current === undefined ? amount : add(numericField('$inc', current, path), amount, 'refuse'));
  },
  $mul: (operand, path) => {
    const factor = numericOperand('$mul', operand, path);
    return (current) =>
      setTo(multiply(current === undefined ? 0 : numericField('$mul', current, path), factor, 'refuse'));
  },
  $min: (operand) => (current) =>
    current === undefined || compareValues(operand, current) < 0 ? setTo(operand) : KEEP,
  $max: (operand) => (current) =>
    current === undefined || compareValues(operand, current) > 0 ? setTo(operand) : KEEP,
  $currentDate: (operand) => {
    const type = isDoc(operand) ? operand.$type : operand === true ? 'date' : undefined;
    if (type === 'date') return (_current, { now }) => setTo(new Date(now));
    if (type === 'timestamp') {
      return (_current, { now }) => setTo(new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 }));
    }
    throw new CommandError('BadValue', "$currentDate takes true or { $type: 'date' | 'timestamp' }");
  },
  $bit: bitOperator,
};

function bitOperator(operand: Value, path: string): ChangeField {
  const steps = isDoc(operand) ? Object.entries(operand) : [];
  if (steps.length === 0) throw new CommandError('BadValue', 'The $bit modifier needs an object such as {and: mask}');
  return (current) => {
    if (current !== undefined && !isWhole(current)) {
      throw new CommandError(
        'BadValue',
        `Cannot apply $bit to field '${path}' of non-integral type ${typeName(current)}`,
      );
    }
    let bits = BigInt(String(current ?? 0));
    let isWide = isLong(current);
    for (const [name, mask] of steps) {
      if (!isWhole(mask)) throw new CommandError('BadValue', 'The $bit modifier field must be an Integer(32/64 bit)');
      isWide ||= isLong(mask);
      const value = BigInt(mask.toString());
      if (name === 'and') bits &= value;
      else if (name === 'or') bits |= value;
      else if (name === 'xor') bits ^= value;
      else throw new CommandError('BadValue', `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}'`);
    }
    return setTo(isWide ? Long.fromBigInt(BigInt.asIntN(64, bits)) : fromWhole(bits));
  };
}

function isWhole(value: Maybe): value is number | Long {
  return isLong(value) || (isNumeric(value) && kindOf(value) === 'int');
}

function numericOperand(name: string, operand: Value, path: string): Numeric {
  if (isNumeric(operand)) return operand;
  throw new CommandError(
    'TypeMismatch',
    `Cannot ${name === '$inc' ? 'increment' : 'multiply'} with non-numeric argument: {${path}: ${typeName(operand)}}`,
  );
}

function numericField(name: string, current: Value, path: string): Numeric {
  if (isNumeric(current)) return current;
  throw new CommandError(
    'TypeMismatch',
    `Cannot apply ${name} to a value of non-numeric type. The field '${path}' is of type ${typeName(current)}`,
  );
}
