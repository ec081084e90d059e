import { invalidRequest } from '../api-error.ts';

/** One condition of a search: `status:'succeeded'`, `-metadata['order']:'42'`, `amount>1000`. */
interface Condition {
  negated: boolean;
  field: string;
  key: string | null;
  operator: ':' | '<' | '<=' | '>' | '>=' | '~';
  value: string | number | null;
}

export type Matcher = (object: Record<string, unknown>) => boolean;

interface Grammar {
  /** Text fields that may be compared with `:`. */
  exact: readonly string[];
  /** Numeric fields that may be compared and ordered. */
  numeric: readonly string[];
}

const MAX_QUERY = 2_000;
const MAX_CONDITIONS = 10;

const condition =
  /\s*(?<not>-)?(?<field>\w+)(?:\[(?:"(?<double>[^"]*)"|'(?<single>[^']*)')\])?\s*(?<operator>:|~|<=|>=|<|>)\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|'(?<plain>(?:[^'\\]|\\.)*)'|(?<number>-?\d+(?!\w))|(?<null>null\b))/y;
const joiner = /\s+(AND|OR|and|or)?\s*/y;

/** Reads Stripe's search language for the fields that are supported; anything else in a query is refused. */
export function readSearchQuery(query: string, grammar: Grammar): Matcher {
  if (query.length > MAX_QUERY) throw refused(`at most ${MAX_QUERY} characters are allowed`);
  const conditions: Condition[] = [];
  const joiners = new Set<string>();
  let at = 0;
  while (at < query.trimEnd().length) {
    if (conditions.length > 0) {
      const [matched, word] = read(joiner, query, at) ?? [];
      if (matched === undefined) throw refused(`unexpected text at position ${at}`);
      joiners.add((word ?? 'AND').toUpperCase());
      at += matched.length;
    }
    condition.lastIndex = at;
    const match = condition.exec(query);
    if (!match) throw refused(`unexpected text at position ${at}`);
    conditions.push(conditionOf(match.groups!, grammar));
    at += match[0].length;
  }
  if (conditions.length === 0) throw refused('it is empty');
  if (conditions.length > MAX_CONDITIONS) throw refused(`at most ${MAX_CONDITIONS} clauses are allowed`);
  if (joiners.size > 1) throw refused('AND and OR cannot be mixed');
  return joiners.has('OR')
    ? (object) => conditions.some((one) => holds(one, object))
    : (object) => conditions.every((one) => holds(one, object));
}

function conditionOf(groups: Record<string, string | undefined>, { exact, numeric }: Grammar): Condition {
  const field = groups['field']!;
  const key = groups['double'] ?? groups['single'] ?? null;
  const operator = groups['operator'] as Condition['operator'];
  const textValue = unescaped(groups['quoted'] ?? groups['plain']);
  const isMetadata = field === 'metadata' && key !== null;
  const isNumeric = numeric.includes(field) && key === null;
  if (!isMetadata && !isNumeric && !(exact.includes(field) && key === null)) {
    throw refused(`the field '${field}' cannot be searched for`);
  }
  if (isNumeric) {
    const number = Number(groups['number'] ?? textValue);
    if (operator === '~' || !Number.isFinite(number)) throw refused(`'${field}' is a number`);
    return { negated: groups['not'] !== undefined, field, key, operator, value: number };
  }
  if (operator !== ':' && !(isMetadata && operator === '~'))
    throw refused(`'${operator}' cannot be used on '${field}'`);
  if (groups['null'] === undefined && textValue === undefined) throw refused(`the value of '${field}' must be quoted`);
  return { negated: groups['not'] !== undefined, field, key, operator, value: textValue ?? null };
}

function holds({ negated, field, key, operator, value }: Condition, object: Record<string, unknown>): boolean {
  const found = key === null ? object[field] : (object[field] as Record<string, string> | null)?.[key];
  return compare(operator, found ?? null, value) !== negated;
}

function compare(operator: Condition['operator'], found: unknown, value: string | number | null): boolean {
  if (value === null || found === null) return operator === ':' && found === value;
  if (typeof value === 'number') {
    const number = Number(found);
    switch (operator) {
      case '<':
        return number < value;
      case '<=':
        return number <= value;
      case '>':
        return number > value;
      case '>=':
        return number >= value;
      default:
        return number === value;
    }
  }
  const text = String(found).toLowerCase();
  return operator === '~' ? text.includes(value.toLowerCase()) : text === value.toLowerCase();
}

function read(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function unescaped(text: string | undefined): string | undefined {
  return text?.replaceAll(/\\(.)/g, '$1');
}

function refused(why: string) {
  return invalidRequest(`We were unable to parse your search query: ${why}.`, { param: 'query' });
}
