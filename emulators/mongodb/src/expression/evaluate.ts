import type { Doc, Maybe, Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';

/** Variables in reach of an expression, by name without the `$$`. Inner scopes inherit from outer ones. */
export type Variables = Record<string, Maybe>;

export interface Scope {
  root: Doc;
  variables: Variables;
}

/** A compiled expression; `undefined` means the value is missing and the field is left out. */
export type Evaluate = (scope: Scope) => Maybe;

export type Compile = (expression: Value) => Evaluate;

/** Builds the evaluator of one operator from its uncompiled operand. */
export type OperatorCompiler = (operand: Value, compile: Compile) => Evaluate;

export type OperatorTable = Record<string, OperatorCompiler>;

/** A scope with more variables; what is not named anew is still visible. */
export function withVariables(scope: Scope, added: Variables): Scope {
  const variables: Variables = Object.assign(Object.create(scope.variables) as Variables, added);
  return { root: scope.root, variables };
}

/** An operator of exactly so many operands; one operand may stand without its array. */
export function fixed(name: string, count: number, apply: (...values: Maybe[]) => Maybe): OperatorCompiler {
  return between(name, count, count, apply);
}

export function between(
  name: string,
  least: number,
  most: number,
  apply: (...values: Maybe[]) => Maybe,
): OperatorCompiler {
  return (operand, compile) => {
    const operands = operandList(operand);
    if (operands.length < least || operands.length > most) {
      const expected = least === most ? `exactly ${least}` : `${least} to ${most}`;
      throw new CommandError(
        'BadValue',
        `Expression ${name} takes ${expected} arguments. ${operands.length} were passed in.`,
      );
    }
    const evaluates = operands.map(compile);
    const [first, second] = evaluates;
    if (most === 1 && first) return (scope) => apply(first(scope));
    if (least === 2 && most === 2 && first && second) return (scope) => apply(first(scope), second(scope));
    return (scope) => apply(...evaluates.map((evaluate) => evaluate(scope)));
  };
}

/** An operator of any number of operands. */
export function variadic(apply: (values: Maybe[]) => Maybe): OperatorCompiler {
  return (operand, compile) => {
    const evaluates = operandList(operand).map(compile);
    return (scope) => apply(evaluates.map((evaluate) => evaluate(scope)));
  };
}

/** An operator whose operand is a document of named arguments; unknown names are refused. */
export function named(
  name: string,
  fields: { required: readonly string[]; optional?: readonly string[] },
  apply: (values: Record<string, Maybe>) => Maybe,
): OperatorCompiler {
  return (operand, compile) => {
    const operands = namedOperands(name, operand, fields);
    const evaluates = Object.entries(operands).map(([field, value]) => [field, compile(value)] as const);
    return (scope) => apply(Object.fromEntries(evaluates.map(([field, evaluate]) => [field, evaluate(scope)])));
  };
}

export function namedOperands(
  name: string,
  operand: Value,
  { required, optional = [] }: { required: readonly string[]; optional?: readonly string[] },
): Doc {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) {
    throw new CommandError('FailedToParse', `${name} only supports an object as its argument`);
  }
  const operands = operand as Doc;
  for (const field of Object.keys(operands)) {
    if (!required.includes(field) && !optional.includes(field)) {
      throw new CommandError('FailedToParse', `Unrecognized argument to ${name}: ${field} (emulator)`);
    }
  }
  const missing = required.find((field) => !Object.hasOwn(operands, field));
  if (missing !== undefined) throw new CommandError('FailedToParse', `Missing '${missing}' parameter to ${name}`);
  return operands;
}

export function operandList(operand: Value): Value[] {
  return Array.isArray(operand) ? operand : [operand];
}
