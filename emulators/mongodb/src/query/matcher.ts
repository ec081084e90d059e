import { BSONRegExp } from 'bson';
import { isEqual } from '../bson/compare.ts';
import { type MatchPosition, splitPath, visitPath } from '../bson/paths.ts';
import { compileRegex } from '../bson/regex.ts';
import { type Doc, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';
import { compileExpression, type Variables } from '../expression/compile.ts';
import { isTruthy } from '../expression/truth.ts';
import { compileOperator, FIELD_OPERATORS, type ValueTest } from './field-operators.ts';

/** Tells whether a document matches; notes where in an array when asked. */
export type Matcher = (doc: Doc, position?: MatchPosition) => boolean;

export interface MatchContext {
  /** Variables `$expr` may use: `let` of a `$lookup`, or of the command. */
  variables?: Variables;
}

/** Compiles a filter once; unknown and unsupported operators are refused here, before anything is read. */
export function compileFilter(filter: Doc, context: MatchContext = {}): Matcher {
  const matchers = Object.entries(filter).flatMap(([key, condition]) => compileEntry(key, condition, context));
  return allOf(matchers);
}

function compileEntry(key: string, condition: Value, context: MatchContext): Matcher[] {
  switch (key) {
    case '$and':
      return clauses(key, condition, context);
    case '$or': {
      const any = clauses(key, condition, context);
      return [(doc, position) => any.some((matches) => matches(doc, position))];
    }
    case '$nor': {
      const none = clauses(key, condition, context);
      return [(doc) => !none.some((matches) => matches(doc))];
    }
    case '$expr': {
      const evaluate = compileExpression(condition);
      return [(doc) => isTruthy(evaluate({ root: doc, variables: context.variables ?? {} }))];
    }
    case '$comment':
      return [];
    default:
      if (key.startsWith('$')) throw unknownTopLevel(key);
      return compilePath(key, condition, context);
  }
}

const REAL_TOP_LEVEL = new Set(['$text', '$where', '$jsonSchema', '$sampleRate', '$alwaysTrue', '$alwaysFalse']);

function unknownTopLevel(key: string): CommandError {
  if (REAL_TOP_LEVEL.has(key)) return refuse(`the query operator ${key}`);
  return new CommandError('BadValue', `unknown top level operator: ${key} (emulator)`);
}

function clauses(key: string, condition: Value, context: MatchContext): Matcher[] {
  if (!Array.isArray(condition) || condition.length === 0 || !condition.every(isDoc)) {
    throw new CommandError('BadValue', `${key} must be a nonempty array of objects`);
  }
  return condition.map((clause) => compileFilter(clause as Doc, context));
}

function compilePath(path: string, condition: Value, context: MatchContext): Matcher[] {
  const parts = splitPath(path);
  if (condition instanceof BSONRegExp) return [onLeaves(parts, regexTest(condition))];
  if (!isOperatorObject(condition)) return [onLeaves(parts, equalityTest(condition))];
  const operators: Doc = condition;
  return Object.keys(operators).flatMap((name) => compileCondition({ parts, name, operators, context }));
}

interface Condition {
  parts: string[];
  name: string;
  /** All conditions on this path: `$regex` reads its `$options` beside it. */
  operators: Doc;
  context: MatchContext;
}

function compileCondition({ parts, name, operators, context }: Condition): Matcher[] {
  const operand = operators[name] as Value;
  switch (name) {
    case '$ne':
      return [not(onLeaves(parts, equalityTest(operand)))];
    case '$nin':
      return [not(onLeaves(parts, listTest('$nin', operand)))];
    case '$in':
      return [onLeaves(parts, listTest('$in', operand))];
    case '$eq':
      return [onLeaves(parts, equalityTest(operand))];
    case '$not':
      return [not(allOf(compileNegated(parts, operand, context)))];
    case '$exists': {
      const exists = onValues(parts, (value) => value !== undefined);
      return [isTruthy(operand) ? exists : not(exists)];
    }
    case '$elemMatch':
      return [onValues(parts, elementTest(operand, context))];
    case '$all':
      return compileAll(parts, operand, context);
    case '$options':
      if (!Object.hasOwn(operators, '$regex')) throw new CommandError('BadValue', '$options needs a $regex');
      return [];
    case '$comment':
      return [];
    default: {
      const { test, onWholeArrays } = compileOperator(name, operand, operators);
      return [onWholeArrays ? onValues(parts, test) : onLeaves(parts, test)];
    }
  }
}

function compileNegated(parts: string[], operand: Value, context: MatchContext): Matcher[] {
  if (operand instanceof BSONRegExp) return [onLeaves(parts, regexTest(operand))];
  if (!isOperatorObject(operand)) throw new CommandError('BadValue', '$not needs a regex or a document of operators');
  const operators: Doc = operand;
  return Object.keys(operators).flatMap((name) => compileCondition({ parts, name, operators, context }));
}

function compileAll(parts: string[], operand: Value, context: MatchContext): Matcher[] {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', '$all needs an array');
  if (operand.length === 0) return [() => false];
  return operand.map((item) => {
    if (item instanceof BSONRegExp) return onLeaves(parts, regexTest(item));
    if (isDoc(item) && Object.keys(item)[0] === '$elemMatch') {
      return onValues(parts, elementTest(item.$elemMatch as Value, context));
    }
    return onLeaves(parts, equalityTest(item));
  });
}

/** `$elemMatch`: of conditions on the element itself, or of a filter on its fields. */
function elementTest(operand: Value, context: MatchContext): ArrayTest {
  if (!isDoc(operand)) throw new CommandError('BadValue', '$elemMatch needs an Object');
  const first = Object.keys(operand)[0];
  const isOnElement = first !== undefined && Object.hasOwn(FIELD_OPERATORS, first);
  const matches = isOnElement ? allOf(compilePath('element', operand, context)) : compileFilter(operand, context);
  return (value, position) => {
    if (!Array.isArray(value)) return false;
    const index = value.findIndex((item) => {
      if (isOnElement) return matches({ element: item });
      return (isDoc(item) || Array.isArray(item)) && matches(asDoc(item));
    });
    if (index >= 0 && position) position.index = index;
    return index >= 0;
  };
}

/** Inside `$elemMatch` an array element is addressed by its positions. */
function asDoc(item: Doc | Value[]): Doc {
  return Array.isArray(item) ? Object.fromEntries(item.entries()) : item;
}

export function isOperatorObject(value: Value): value is Doc {
  if (!isDoc(value)) return false;
  const first = Object.keys(value)[0];
  return first !== undefined && first.startsWith('$') && first !== '$ref' && first !== '$id';
}

type ArrayTest = (value: Maybe, position?: MatchPosition) => boolean;

/** The test sees what the path ends at, arrays whole. */
function onValues(parts: string[], test: ArrayTest): Matcher {
  return (doc, position) => visitPath(doc, parts, 0, (value) => test(value, position), position);
}

/** The test sees each element of a final array, then the array itself. */
function onLeaves(parts: string[], test: ValueTest): Matcher {
  return (doc, position) =>
    visitPath(
      doc,
      parts,
      0,
      (value) => {
        if (Array.isArray(value)) {
          const index = value.findIndex((item) => test(item));
          if (index >= 0) {
            if (position) position.index = index;
            return true;
          }
        }
        return test(value);
      },
      position,
    );
}

function equalityTest(operand: Value): ValueTest {
  if (operand === null) return (value) => value === null || value === undefined;
  if (typeof operand === 'string' || typeof operand === 'boolean') return (value) => value === operand;
  return (value) => isEqual(value, operand);
}

function regexTest(operand: BSONRegExp): ValueTest {
  const regex = compileRegex(operand);
  return (value) => (typeof value === 'string' ? regex.test(value) : isEqual(value, operand));
}

function listTest(name: string, operand: Value): ValueTest {
  if (!Array.isArray(operand)) throw new CommandError('BadValue', `${name} needs an array`);
  if (operand.some(isOperatorObject)) throw new CommandError('BadValue', `cannot nest $ under ${name}`);
  const texts = new Set(operand.filter((item) => typeof item === 'string'));
  const others = operand
    .filter((item) => typeof item !== 'string')
    .map((item) => (item instanceof BSONRegExp ? regexTest(item) : equalityTest(item)));
  return (value) => (typeof value === 'string' && texts.has(value)) || others.some((test) => test(value));
}

function not(matches: Matcher): Matcher {
  return (doc) => !matches(doc);
}

function allOf(matchers: Matcher[]): Matcher {
  const [first, second] = matchers;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return (doc, position) => matchers.every((matches) => matches(doc, position));
}
