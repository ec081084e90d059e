import { compareValues } from '../bson/compare.ts';
import { type Doc, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { whole } from '../expression/arrays.ts';
import { compileExpression, type Evaluate, evaluateConstant, type Scope } from '../expression/compile.ts';
import { namedOperands } from '../expression/evaluate.ts';
import { mergeInto } from '../expression/objects.ts';
import { byKey } from '../expression/sets.ts';
import { average, extreme, standardDeviation, sum } from '../expression/statistics.ts';
import { isNullish } from '../expression/truth.ts';
import { compileSort } from '../query/sort.ts';

/** Collects over the documents of one group. */
export interface Accumulator {
  add(scope: Scope): void;
  result(): Value;
}

export type MakeAccumulator = () => Accumulator;

/** A list of collected values this long is a mistake the emulator would rather report than run out of memory on. */
const MAX_COLLECTED = 2_000_000;

const COLLECTING: Record<string, (values: Maybe[]) => Value> = {
  $sum: (values) => sum(values),
  $avg: (values) => average(values),
  $min: (values) => extreme(values, -1),
  $max: (values) => extreme(values, 1),
  $stdDevPop: (values) => standardDeviation(values, 'population'),
  $stdDevSamp: (values) => standardDeviation(values, 'sample'),
  $push: (values) => values.filter((value) => value !== undefined),
  $addToSet: (values) => [...byKey(values.filter((value) => value !== undefined)).values()],
  $mergeObjects: (values) => values.reduce<Doc>((merged, value) => mergeInto(merged, value), {}),
};

/** Running totals need not keep what they have added up. */
const FOLDING: Record<string, (total: Maybe, value: Maybe) => Maybe> = {
  $sum: (total, value) => sum([total, value]),
  $min: (best, value) => extreme([best, value], -1),
  $max: (best, value) => extreme([best, value], 1),
};

const N_OF_INPUT = new Set(['$firstN', '$lastN', '$maxN', '$minN']);
const BY_SORT = new Set(['$top', '$bottom', '$topN', '$bottomN']);

export const ACCUMULATORS: readonly string[] = [
  ...Object.keys(COLLECTING),
  ...['$first', '$last', '$count', ...N_OF_INPUT, ...BY_SORT],
];

export function compileAccumulator(name: string, operand: Value, scope: Scope): MakeAccumulator {
  if (name === '$count') {
    if (!isDoc(operand) || Object.keys(operand).length > 0)
      throw new CommandError('TypeMismatch', '$count takes no arguments, i.e. $count:{}');
    return folding(
      () => 1,
      (total) => sum([total, 1]),
      0,
    );
  }
  if (N_OF_INPUT.has(name)) return compileN(name, operand, scope);
  if (BY_SORT.has(name)) return compileBySort(name, operand, scope);
  if (!ACCUMULATORS.includes(name))
    throw new CommandError('UnknownGroupOperator', `unknown group operator '${name}' (emulator)`);
  const evaluate = compileExpression(operand);
  if (name === '$first') return keeping(evaluate, false);
  if (name === '$last') return keeping(evaluate, true);
  const fold = FOLDING[name];
  if (fold) return folding(evaluate, fold, name === '$sum' ? 0 : undefined);
  return collecting(evaluate, COLLECTING[name] as (values: Maybe[]) => Value);
}

function folding(evaluate: Evaluate, fold: (total: Maybe, value: Maybe) => Maybe, initial: Maybe): MakeAccumulator {
  return () => {
    let total = initial;
    return {
      add: (scope) => {
        total = fold(total, evaluate(scope));
      },
      result: () => total ?? null,
    };
  };
}

function keeping(evaluate: Evaluate, isLast: boolean): MakeAccumulator {
  return () => {
    let kept: Maybe;
    let isEmpty = true;
    return {
      add: (scope) => {
        if (isEmpty || isLast) kept = evaluate(scope);
        isEmpty = false;
      },
      result: () => kept ?? null,
    };
  };
}

function collecting(evaluate: Evaluate, finish: (values: Maybe[]) => Value): MakeAccumulator {
  return () => {
    const values: Maybe[] = [];
    return {
      add: (scope) => {
        if (values.length >= MAX_COLLECTED) {
          throw new CommandError(
            'QueryFeatureNotAllowed',
            `emulator: a group of more than ${MAX_COLLECTED} values is not supported`,
          );
        }
        values.push(evaluate(scope));
      },
      result: () => finish(values),
    };
  };
}

function compileN(name: string, operand: Value, scope: Scope): MakeAccumulator {
  const parts = namedOperands(name, operand, { required: ['n', 'input'] });
  const n = positive(name, evaluateConstant(parts.n as Value, scope));
  return collecting(compileExpression(parts.input as Value), (values) => {
    const present = values.map((value) => value ?? null);
    if (name === '$firstN') return present.slice(0, n);
    if (name === '$lastN') return present.slice(-n);
    const direction = name === '$maxN' ? -1 : 1;
    return present
      .filter((value) => !isNullish(value))
      .toSorted((a, b) => compareValues(a, b) * direction)
      .slice(0, n);
  });
}

function compileBySort(name: string, operand: Value, scope: Scope): MakeAccumulator {
  const isList = name.endsWith('N');
  const parts = namedOperands(name, operand, { required: isList ? ['n', 'sortBy', 'output'] : ['sortBy', 'output'] });
  if (!isDoc(parts.sortBy)) throw new CommandError('BadValue', `${name} needs an object as sortBy`);
  const { compare } = compileSort(parts.sortBy);
  const output = compileExpression(parts.output as Value);
  const n = isList ? positive(name, evaluateConstant(parts.n as Value, scope)) : 1;
  return () => {
    const collected: { root: Doc; value: Value }[] = [];
    return {
      add: (inner) => collected.push({ root: inner.root, value: output(inner) ?? null }),
      result: () => {
        const sorted = collected.toSorted((a, b) => compare(a.root, b.root)).map(({ value }) => value);
        const cut = name.startsWith('$top') ? sorted.slice(0, n) : sorted.slice(-n);
        return isList ? cut : (cut[0] ?? null);
      },
    };
  };
}

function positive(name: string, value: Maybe): number {
  const n = whole(name, value);
  if (n <= 0) throw new CommandError('BadValue', `'n' must be greater than 0 in ${name}`);
  return n;
}
