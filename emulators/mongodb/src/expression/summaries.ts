import type { Maybe, Value } from '../bson/value.ts';
import { average, extreme, standardDeviation, sum } from './statistics.ts';
import { type OperatorCompiler, type OperatorTable, operandList } from './evaluate.ts';

/** The accumulators that may stand in an expression: over a list of operands, or over the items of one array. */
export const summaryOperators: OperatorTable = {
  $sum: summary(sum),
  $avg: summary(average),
  $min: summary((values) => extreme(values, -1)),
  $max: summary((values) => extreme(values, 1)),
  $stdDevPop: summary((values) => standardDeviation(values, 'population')),
  $stdDevSamp: summary((values) => standardDeviation(values, 'sample')),
};

function summary(compute: (values: Maybe[]) => Value): OperatorCompiler {
  return (operand, compile) => {
    const evaluates = operandList(operand).map(compile);
    return (scope) => {
      const values = evaluates.map((evaluate) => evaluate(scope));
      const [only] = values;
      return compute(values.length === 1 && Array.isArray(only) ? only : values);
    };
  };
}
