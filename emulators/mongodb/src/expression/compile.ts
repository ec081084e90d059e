import { resolveExpressionPath, splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Maybe, setField, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { arithmeticOperators } from './arithmetic.ts';
import { arrayOperators } from './arrays.ts';
import { borrowedOperators } from './borrowed.ts';
import { comparisonOperators } from './comparison.ts';
import { conditionalOperators } from './conditional.ts';
import { conversionOperators } from './conversion.ts';
import { dateOperators } from './dates.ts';
import type { Evaluate, OperatorTable, Scope } from './evaluate.ts';
import { objectOperators } from './objects.ts';
import { setOperators } from './sets.ts';
import { stringOperators } from './strings.ts';
import { summaryOperators } from './summaries.ts';

export type { Evaluate, Scope, Variables } from './evaluate.ts';

/** The allow-list of expression operators: what is not a key here is refused. */
const OPERATORS: OperatorTable = {
  ...arithmeticOperators,
  ...arrayOperators,
  ...borrowedOperators,
  ...comparisonOperators,
  ...conditionalOperators,
  ...conversionOperators,
  ...dateOperators,
  ...objectOperators,
  ...setOperators,
  ...stringOperators,
  ...summaryOperators,
};

export const EXPRESSION_OPERATORS: readonly string[] = Object.keys(OPERATORS);

const REFUSED = new Set(['$meta', '$function', '$accumulator', '$toHashedIndexKey', '$tsSecond', '$tsIncrement']);

/** Compiles an aggregation expression; unknown operators are refused before anything is read. */
export function compileExpression(expression: Value): Evaluate {
  if (typeof expression === 'string') {
    if (expression.startsWith('$$')) return compileVariable(expression.slice(2));
    if (expression.startsWith('$')) return compilePath(expression.slice(1));
    return () => expression;
  }
  if (Array.isArray(expression)) {
    const items = expression.map(compileExpression);
    return (scope) => items.map((evaluate) => evaluate(scope) ?? null);
  }
  if (!isDoc(expression)) return () => expression;
  const [name, ...others] = Object.keys(expression);
  if (name?.startsWith('$')) {
    if (others.length > 0) {
      throw new CommandError('InvalidPipelineOperator', 'an expression specification must contain exactly one field');
    }
    return compileOperator(name, expression[name] as Value);
  }
  return compileObject(expression);
}

/** Evaluates an expression that sees no document, such as a `$limit` computed from variables. */
export function evaluateConstant(expression: Value, scope: Scope): Maybe {
  return compileExpression(expression)(scope);
}

function compileOperator(name: string, operand: Value): Evaluate {
  const compiler = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (compiler) return compiler(operand, compileExpression);
  if (REFUSED.has(name)) throw refuse(`the expression operator ${name}`);
  throw new CommandError('InvalidPipelineOperator', `Unrecognized expression '${name}' (emulator)`);
}

function compileObject(expression: Doc): Evaluate {
  const fields = Object.entries(expression).map(([field, value]) => {
    if (field.includes('.')) throw new CommandError('BadValue', `FieldPath field names may not contain '.': ${field}`);
    return [field, compileExpression(value)] as const;
  });
  return (scope) => {
    const result: Doc = {};
    for (const [field, evaluate] of fields) {
      const value = evaluate(scope);
      if (value !== undefined) setField(result, field, value);
    }
    return result;
  };
}

function compilePath(path: string): Evaluate {
  const parts = checkedPath(path);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    return ({ root }) => (Object.hasOwn(root, only) ? root[only] : undefined);
  }
  return ({ root }) => resolveExpressionPath(root, parts);
}

function compileVariable(path: string): Evaluate {
  const [name = '', ...rest] = checkedPath(path);
  switch (name) {
    case 'ROOT':
    case 'CURRENT':
      return ({ root }) => resolveExpressionPath(root, rest);
    case 'REMOVE':
      return () => undefined;
    default:
      return ({ variables }) => {
        if (!(name in variables)) throw new CommandError('BadValue', `Use of undefined variable: ${name}`);
        return resolveExpressionPath(variables[name], rest);
      };
  }
}

function checkedPath(path: string): string[] {
  const parts = splitPath(path);
  if (parts.some((part) => part === '')) throw new CommandError('BadValue', `'$${path}' is not a valid field path`);
  return parts;
}
