import { BSONRegExp } from 'bson';
import { TYPE_ORDER, typeOrder, isEqual } from '../bson/compare.ts';
import { keyString } from '../bson/key-string.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { Variables } from '../expression/compile.ts';
import { isOperatorObject } from './matcher.ts';
import { equalitiesOf } from './expression-bounds.ts';
import { type BoundedRange, buildRanges, type FieldBounds, type IndexBounds } from './index-ranges.ts';
import { impliesIndexed } from './partial-index.ts';
import { parseSort, type SortField } from './sort.ts';
import type { Collection } from '../storage/collection.ts';
import type { SecondaryIndex } from '../indexes/secondary-index.ts';

/** Where a read looks for candidates. The filter is applied to every candidate in any case. */
export type Plan =
  | { kind: 'collection' }
  | { kind: 'ids'; ids: string[] }
  | { kind: 'index'; index: SecondaryIndex; bounds: IndexBounds; isReverse: boolean; isSorted: boolean }
  | { kind: 'union'; plans: Plan[] };

export interface PlanRequest {
  filter: Doc;
  sort?: Doc;
  /** Documents wanted from the front of the result, skip included. */
  limit?: number;
  hint?: Value;
  /** What `$$names` in an `$expr` stand for. */
  variables?: Variables;
}

/** `_id` lists longer than this are scanned like any other. */
const MAX_IDS = 100_000;

export function planRead(collection: Collection, request: PlanRequest): Plan {
  const sort = request.sort ? parseSort(request.sort) : [];
  const conditions = conditionsOf(request.filter, request.variables ?? {});
  if (request.hint !== undefined) return hintedPlan(collection, request, { sort, conditions });
  const ids = idsPlan(conditions);
  if (ids) return ids;
  return (
    bestIndexPlan(collection, request, { sort, conditions }) ?? unionPlan(collection, request) ?? { kind: 'collection' }
  );
}

interface Analysis {
  sort: SortField[];
  conditions: Map<string, FieldBounds>;
}

/** Conditions an index can use, by path: those at the top of the filter and in its `$and`s. */
function conditionsOf(
  filter: Doc,
  variables: Variables,
  into = new Map<string, FieldBounds>(),
): Map<string, FieldBounds> {
  for (const [key, condition] of Object.entries(filter)) {
    if (key === '$and' && Array.isArray(condition)) {
      for (const clause of condition) if (isDoc(clause)) conditionsOf(clause, variables, into);
    } else if (key === '$expr') {
      for (const [path, value] of equalitiesOf(condition, variables)) addEquality(boundsAt(path, into), [value]);
    } else if (!key.startsWith('$')) {
      addCondition(boundsAt(key, into), condition);
    }
  }
  return into;
}

function boundsAt(path: string, into: Map<string, FieldBounds>): FieldBounds {
  let bounds = into.get(path);
  if (!bounds) into.set(path, (bounds = { ranges: [] }));
  return bounds;
}

function addCondition(bounds: FieldBounds, condition: Value): void {
  if (condition instanceof BSONRegExp) return addRegex(bounds, condition.pattern, condition.options);
  if (!isOperatorObject(condition)) return addEquality(bounds, [condition]);
  for (const [operator, operand] of Object.entries(condition)) {
    switch (operator) {
      case '$eq':
        addEquality(bounds, [operand]);
        break;
      case '$in':
        if (Array.isArray(operand) && !operand.some((item) => item instanceof BSONRegExp)) addEquality(bounds, operand);
        break;
      case '$gt':
      case '$gte':
      case '$lt':
      case '$lte':
        addRange(bounds, operator, operand);
        break;
      case '$regex':
        if (typeof operand === 'string') addRegex(bounds, operand, String(condition.$options ?? ''));
        break;
      default:
        break;
    }
  }
}

/** Null also finds missing fields and an array also finds itself whole: bounds on either would miss documents. */
function addEquality(bounds: FieldBounds, values: Value[]): void {
  if (values.some((value) => value === null || Array.isArray(value))) return;
  const keys = [...new Set(values.map(keyString))].toSorted();
  // Two conditions on one path: the shorter list is the better bound, the filter does the rest.
  if (!bounds.points || keys.length < bounds.points.length) bounds.points = keys;
}

const RANGED_TYPES = new Set<number>([
  TYPE_ORDER.number,
  TYPE_ORDER.string,
  TYPE_ORDER.binary,
  TYPE_ORDER.objectId,
  TYPE_ORDER.boolean,
  TYPE_ORDER.date,
  TYPE_ORDER.timestamp,
]);

function addRange(bounds: FieldBounds, operator: '$gt' | '$gte' | '$lt' | '$lte', operand: Value): void {
  const order = typeOrder(operand);
  if (!RANGED_TYPES.has(order) || (isNumeric(operand) && Number.isNaN(toNumber(operand)))) return;
  const key = keyString(operand);
  const type = String.fromCharCode(order);
  const range: BoundedRange = { from: { key: type, isAfter: false }, to: { key: type, isAfter: true } };
  if (operator === '$gt' || operator === '$gte') range.from = { key, isAfter: operator === '$gt' };
  else range.to = { key, isAfter: operator === '$lte' };
  bounds.ranges.push(range);
}

/** An anchored literal prefix is a range of strings. */
function addRegex(bounds: FieldBounds, pattern: string, options: string): void {
  const prefix = /^\^([\w @#%&:;,<>"'=!~/-]+)/.exec(pattern)?.[1];
  if (prefix === undefined || options.replace(/[su]/g, '') !== '' || pattern.includes('|')) return;
  const rest = pattern.slice(1 + prefix.length);
  // A quantifier would apply to the last character of the prefix.
  const literal = /^[*?{]/.test(rest) ? prefix.slice(0, -1) : prefix;
  if (literal === '') return;
  const key = String.fromCharCode(TYPE_ORDER.string) + literal;
  bounds.ranges.push({ from: { key, isAfter: false }, to: { key, isAfter: true } });
}

function idsPlan(conditions: Map<string, FieldBounds>): Plan | undefined {
  const points = conditions.get('_id')?.points;
  return points && points.length <= MAX_IDS ? { kind: 'ids', ids: points } : undefined;
}

function bestIndexPlan(collection: Collection, request: PlanRequest, analysis: Analysis): Plan | undefined {
  const total = collection.records.size;
  const candidates = collection.indexes
    .filter((index) => mayHelp(index, analysis) && impliesIndexed(index.definition, request.filter))
    .map((index) => candidateFor(index, analysis))
    .filter((candidate) => candidate !== undefined);
  const fewest = Math.min(total, ...candidates.map(({ count }) => count));
  let best: { plan: Plan; cost: number } | undefined;
  for (const { plan, count, isUseful } of candidates) {
    if (!isUseful) continue;
    const cost = costOf({
      count,
      fewest,
      isSorted: plan.isSorted,
      limit: request.limit,
      isSortWanted: analysis.sort.length > 0,
    });
    if (!best || cost < best.cost) best = { plan, cost };
  }
  const scanCost = costOf({
    count: total,
    fewest,
    isSorted: false,
    limit: request.limit,
    isSortWanted: analysis.sort.length > 0,
  });
  return best && best.cost <= scanCost ? best.plan : undefined;
}

/** An index is of use by its first field: it bounds the read, or begins the order asked for. */
function mayHelp({ definition }: SecondaryIndex, { sort, conditions }: Analysis): boolean {
  const first = definition.fields[0]?.path ?? '';
  return conditions.has(first) || sort[0]?.path === first;
}

interface Candidate {
  plan: Plan & { kind: 'index' };
  /** Keys to look at, more or less. */
  count: number;
  /** It narrows the read or saves the sort; otherwise the collection itself is as good. */
  isUseful: boolean;
}

function candidateFor(index: SecondaryIndex, { sort, conditions }: Analysis): Candidate | undefined {
  const bounds = buildRanges(index, conditions);
  // An array sorts by one of its elements, whichever the filter looks at; beside an array that is held to one value each
  // document has one key, and its own order.
  const isOrdered = sort.length > 0 && !sort.some(({ path }) => index.multikeyPaths.has(path));
  const direction = isOrdered ? sortDirection(index, sort, bounds) : undefined;
  const count =
    bounds.boundFields === 0 ? index.size : bounds.ranges.reduce((sum, range) => sum + index.count(range), 0);
  return {
    plan: { kind: 'index', index, bounds, isReverse: direction === -1, isSorted: direction !== undefined },
    count,
    isUseful: bounds.boundFields > 0 || direction !== undefined,
  };
}

interface CostInput {
  count: number;
  fewest: number;
  isSorted: boolean;
  isSortWanted: boolean;
  limit: number | undefined;
}

/** Documents to look at, more or less: an ordered read stops at the limit, an unordered one is sorted afterwards. */
function costOf({ count, fewest, isSorted, isSortWanted, limit }: CostInput): number {
  if (isSortWanted && !isSorted) return count * (1 + Math.log2(count + 2) / 8);
  if (limit === undefined || limit === 0) return count;
  // If the best bounds leave one in n, about n documents are read for each one returned.
  const readPerHit = count / Math.max(1, Math.min(fewest, count));
  return Math.min(count, limit * readPerHit);
}

/** 1 or -1 when reading the index forward or backward yields the order asked for. */
function sortDirection(index: SecondaryIndex, sort: SortField[], { pointFields }: IndexBounds): 1 | -1 | undefined {
  let wanted = 0;
  let direction: 1 | -1 | undefined;
  for (const [i, field] of index.definition.fields.entries()) {
    const next = sort[wanted];
    if (!next) break;
    if (next.path === field.path) {
      const needed = next.direction === field.direction ? 1 : -1;
      if (direction !== undefined && direction !== needed) return undefined;
      direction = needed;
      wanted++;
    } else if (i >= pointFields) {
      return undefined;
    }
  }
  return wanted === sort.length ? direction : undefined;
}

function hintedPlan(collection: Collection, request: PlanRequest, analysis: Analysis): Plan {
  const { hint } = request;
  if (isDoc(hint) && '$natural' in hint) {
    if (!isNumeric(hint.$natural as Value) || toNumber(hint.$natural as number) !== 1) {
      throw new CommandError('BadValue', 'emulator: only a forward $natural hint is supported');
    }
    return { kind: 'collection' };
  }
  const index = collection.indexes.find(
    ({ definition }) => definition.name === hint || (isDoc(hint) && isEqual(definition.key, hint)),
  );
  if (!index) throw new CommandError('BadValue', 'emulator: hint provided does not correspond to an existing index');
  return (candidateFor(index, analysis) as Candidate).plan;
}

/** A disjunction is worth indexes only when every branch has one. */
function unionPlan(collection: Collection, { filter, variables }: PlanRequest): Plan | undefined {
  const branches = filter.$or;
  if (!Array.isArray(branches)) return undefined;
  const plans = branches.map((branch) => planRead(collection, { filter: branch as Doc, variables }));
  return plans.some(({ kind }) => kind === 'collection') ? undefined : { kind: 'union', plans };
}
