import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { namedOperands, type OperatorTable, type Variables, withVariables } from './evaluate.ts';
import { isNullish, isTruthy } from './truth.ts';

/** Only the branch that is taken is evaluated: the others may well be errors. */
export const conditionalOperators: OperatorTable = {
  $literal: (operand) => () => operand,
  $cond: (operand, compile) => {
    const [test, then, otherwise] = branchesOf(operand).map(compile);
    if (!test || !then || !otherwise) throw new CommandError('BadValue', '$cond takes exactly three arguments');
    return (scope) => (isTruthy(test(scope)) ? then(scope) : otherwise(scope));
  },
  $ifNull: (operand, compile) => {
    if (!Array.isArray(operand) || operand.length < 2) {
      throw new CommandError('BadValue', '$ifNull needs at least two arguments');
    }
    const evaluates = operand.map(compile);
    return (scope) => {
      let value;
      for (const evaluate of evaluates) {
        value = evaluate(scope);
        if (!isNullish(value)) return value;
      }
      return value;
    };
  },
  $switch: (operand, compile) => {
    const { branches, default: fallback } = namedOperands('$switch', operand, {
      required: ['branches'],
      optional: ['default'],
    });
    if (!Array.isArray(branches) || branches.length === 0) throw new CommandError('BadValue', '$switch needs branches');
    const cases = branches.map((branch) => {
      const parts = namedOperands('$switch branch', branch, { required: ['case', 'then'] });
      return { test: compile(parts.case as Value), then: compile(parts.then as Value) };
    });
    const otherwise = fallback === undefined ? undefined : compile(fallback);
    return (scope) => {
      const taken = cases.find(({ test }) => isTruthy(test(scope)));
      if (taken) return taken.then(scope);
      if (otherwise) return otherwise(scope);
      throw new CommandError(
        'BadValue',
        '$switch could not find a matching branch for an input, and no default was specified',
      );
    };
  },
  $let: (operand, compile) => {
    const parts = namedOperands('$let', operand, { required: ['vars', 'in'] });
    if (!isDoc(parts.vars)) throw new CommandError('FailedToParse', '$let needs vars to be an object');
    const vars = Object.entries(parts.vars as Doc).map(([name, value]) => [name, compile(value)] as const);
    const body = compile(parts.in as Value);
    return (scope) => {
      const added: Variables = {};
      for (const [name, evaluate] of vars) added[name] = evaluate(scope);
      return body(withVariables(scope, added));
    };
  },
};

function branchesOf(operand: Value): Value[] {
  if (Array.isArray(operand)) return operand.length === 3 ? operand : [];
  const parts = namedOperands('$cond', operand, { required: ['if', 'then', 'else'] });
  return [parts.if, parts.then, parts.else] as Value[];
}
