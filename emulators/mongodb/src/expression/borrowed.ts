import { Long, ObjectId, Timestamp } from 'bson';
import { Context, evalExpr } from 'mingo/core';
import {
  $acos,
  $acosh,
  $asin,
  $asinh,
  $atan,
  $atan2,
  $atanh,
  $cos,
  $cosh,
  $dateAdd,
  $dateDiff,
  $dateSubtract,
  $dateToParts,
  $dateToString,
  $dateTrunc,
  $dayOfMonth,
  $dayOfWeek,
  $dayOfYear,
  $degreesToRadians,
  $hour,
  $isoDayOfWeek,
  $isoWeek,
  $isoWeekYear,
  $millisecond,
  $minute,
  $month,
  $radiansToDegrees,
  $second,
  $sin,
  $sinh,
  $tan,
  $tanh,
  $week,
  $year,
} from 'mingo/operators/expression';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { typeName } from '../bson/type-names.ts';
import { asDouble, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { type Compile, type OperatorCompiler, type OperatorTable } from './evaluate.ts';
import { isNullish } from './truth.ts';

type MingoOperator = typeof $dateAdd;

const DATE_PARTS = {
  $year,
  $month,
  $dayOfMonth,
  $dayOfWeek,
  $dayOfYear,
  $hour,
  $minute,
  $second,
  $millisecond,
  $week,
  $isoWeek,
  $isoWeekYear,
  $isoDayOfWeek,
};

const DATE_FUNCTIONS = {
  $dateAdd,
  $dateDiff,
  $dateSubtract,
  $dateToParts,
  $dateToString,
  $dateTrunc,
};

const ANGLES = {
  $sin,
  $cos,
  $tan,
  $asin,
  $acos,
  $atan,
  $atan2,
  $sinh,
  $cosh,
  $tanh,
  $asinh,
  $acosh,
  $atanh,
  $degreesToRadians,
  $radiansToDegrees,
};

/**
 * Calendar and trigonometry come from mingo, where they are right. Its numbers, comparisons and array operators are
 * not used: they know neither int64 nor Decimal128 nor the server's order of types.
 */
export const borrowedOperators: OperatorTable = {
  ...tableOf(DATE_PARTS, (operator) => borrow(operator, { isNullWhen: hasNoDate })),
  ...tableOf(DATE_FUNCTIONS, (operator) => borrow(operator)),
  $dateDiff: borrow($dateDiff, { toResult: (value) => (typeof value === 'number' ? Long.fromNumber(value) : value) }),
  ...tableOf(ANGLES, (operator) =>
    borrow(operator, { toResult: (value) => (typeof value === 'number' ? asDouble(value) : value) }),
  ),
};

function tableOf(operators: Record<string, unknown>, wrap: (operator: unknown) => OperatorCompiler): OperatorTable {
  return Object.fromEntries(Object.entries(operators).map(([name, operator]) => [name, wrap(operator)]));
}

interface BorrowOptions {
  isNullWhen?: (operand: Maybe) => boolean;
  toResult?: (value: Maybe) => Maybe;
}

/** Our evaluator computes the operands; mingo only sees finished values, behind a path it reads them from. */
function borrow(
  operator: unknown,
  { isNullWhen = () => false, toResult = (value) => value }: BorrowOptions = {},
): OperatorCompiler {
  const context = Context.init({ expression: { $borrowed: operator as MingoOperator } });
  const call = { $borrowed: '$operand' };
  return (operand: Value, compile: Compile) => {
    const evaluate = compile(Array.isArray(operand) && operand.length === 1 ? (operand[0] as Value) : operand);
    return (scope) => {
      const value = evaluate(scope);
      if (isNullWhen(value)) return null;
      try {
        return toResult(evalExpr({ operand: toPlain(value) }, call, { context } as never) as Maybe);
      } catch (cause) {
        throw new CommandError('BadValue', `emulator: ${(cause as Error).message}`, { cause });
      }
    };
  };
}

function hasNoDate(operand: Maybe): boolean {
  const date = isDoc(operand) ? operand.date : operand;
  if (isNullish(date)) return true;
  if (date instanceof Date || date instanceof ObjectId || date instanceof Timestamp) return false;
  throw new CommandError('BadValue', `can't convert from BSON type ${typeName(date)} to Date`);
}

/** mingo knows JavaScript numbers only. */
function toPlain(value: Maybe): unknown {
  if (isNumeric(value)) return toNumber(value);
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date(value.t * 1000);
  if (Array.isArray(value)) return value.map(toPlain);
  if (isDoc(value)) return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, toPlain(item)]));
  return value;
}
