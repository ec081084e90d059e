import { compareValues } from '../bson/compare.ts';
import type { Maybe } from '../bson/value.ts';
import { fixed, operandList, type OperatorTable } from './evaluate.ts';
import { isTruthy } from './truth.ts';

/** Unlike in a filter, values of different types compare by type order here. */
export const comparisonOperators: OperatorTable = {
  $cmp: fixed('$cmp', 2, compareValues),
  $eq: comparison('$eq', (order) => order === 0),
  $ne: comparison('$ne', (order) => order !== 0),
  $gt: comparison('$gt', (order) => order > 0),
  $gte: comparison('$gte', (order) => order >= 0),
  $lt: comparison('$lt', (order) => order < 0),
  $lte: comparison('$lte', (order) => order <= 0),
  $and: (operand, compile) => {
    const evaluates = operandList(operand).map(compile);
    return (scope) => evaluates.every((evaluate) => isTruthy(evaluate(scope)));
  },
  $or: (operand, compile) => {
    const evaluates = operandList(operand).map(compile);
    return (scope) => evaluates.some((evaluate) => isTruthy(evaluate(scope)));
  },
  $not: fixed('$not', 1, (value) => !isTruthy(value)),
};

function comparison(name: string, accepts: (order: number) => boolean) {
  return fixed(name, 2, (left: Maybe, right: Maybe) => accepts(compareValues(left, right)));
}
