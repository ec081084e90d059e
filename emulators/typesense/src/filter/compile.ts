import { badRequest, unsupported } from '../http/api-error.ts';
import { type Field, isArray, isNumber, isString, isVector } from '../schema/field.ts';
import { type Sql, type SqlValue, joinSql, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { hasElements } from '../store/tables.ts';
import type { FilterClause, FilterNode, FilterValue } from './ast.ts';
import { parseNumbers } from './numbers.ts';
import { parsePlace, withinPlace } from './place.ts';
import { contains, equals } from './strings.ts';

/** A filter as a condition on a row `c` of the collection's `cols` table. Every value is bound, none is spelled out. */
export function compileFilter(node: FilterNode, index: SearchIndex): Sql {
  if (node.kind !== 'clause') {
    const left = compileFilter(node.left, index);
    const right = compileFilter(node.right, index);
    return sql(`(${left.text} ${node.kind === 'and' ? 'AND' : 'OR'} ${right.text})`, ...left.params, ...right.params);
  }
  if (node.field === 'id') return compileId(node, index);
  const at = index.schema.fields.findIndex((field) => field.name === node.field);
  const field = index.schema.fields[at];
  if (field === undefined) throw badRequest(`Could not find a filter field named \`${node.field}\` in the schema.`);
  if (!field.index) throw badRequest(`Cannot filter on non-indexed field \`${field.name}\`.`);
  if (isVector(field)) throw unsupported(`Filtering on the vector \`${field.name}\``);
  const condition = compileClause(node, { field, at, index });
  // A document without a value is part of every negation, so the missing value must not stay NULL.
  return isNegated(node) ? sql(`(${condition.text}) IS NOT TRUE`, ...condition.params) : condition;
}

type Target = { field: Field; at: number; index: SearchIndex };

function isNegated(clause: FilterClause): boolean {
  return clause.operator === ':!=' || clause.operator === ':!';
}

function compileClause(clause: FilterClause, target: Target): Sql {
  const { field } = target;
  if (isString(field)) return compileString(clause, target);
  if (field.type === 'geopoint') return compileGeo(clause, target);
  if (isNumber(field)) return compileNumber(clause, target);
  return compileBoolean(clause, target);
}

function compileId(clause: FilterClause, index: SearchIndex): Sql {
  const negated = isNegated(clause) ? 'NOT ' : '';
  // `id: *` is everything; in backticks it is the id of one document.
  if (clause.values.some((value) => value.text === '*' && !value.quoted)) return sql(negated === '' ? '1' : '0');
  return sql(
    `c.seq ${negated}IN (SELECT d.seq FROM json_each(?) v CROSS JOIN ${index.tables.docs} d ON d.id = v.value)`,
    JSON.stringify(clause.values.map((value) => value.text)),
  );
}

function compileString(clause: FilterClause, target: Target): Sql {
  const whole = clause.operator === ':=' || clause.operator === ':!=';
  return any(
    clause.values.map((value) => {
      const prefix = !value.quoted && value.text.endsWith('*');
      const text = prefix ? value.text.slice(0, -1) : value.text;
      return whole ? equals(target, text, prefix) : contains(target, text, prefix);
    }),
  );
}

function compileNumber(clause: FilterClause, target: Target): Sql {
  const value = hasElements(target.field) ? 'n.value' : `c.c${target.at}`;
  const comparisons = clause.values.map((item) => {
    const { text, params } = parseNumbers(target.field, item, value);
    return sql(text, ...params);
  });
  return onElements(target, any(comparisons));
}

function compileBoolean(clause: FilterClause, target: Target): Sql {
  const { field } = target;
  const wanted: SqlValue[] = clause.values.map((value) => {
    if (value.text === 'true') return 1;
    if (value.text === 'false') return 0;
    throw badRequest(`Value of filter field \`${field.name}\` must be \`true\` or \`false\`.`);
  });
  const value = hasElements(field) ? 'n.value' : `c.c${target.at}`;
  return onElements(target, any(wanted.map((bit) => sql(`${value} = ?`, bit))));
}

/** A condition on one value, or on any element of an array. */
function onElements(target: Target, condition: Sql): Sql {
  if (!isArray(target.field)) return condition;
  return sql(
    `c.seq IN (SELECT n.seq FROM ${target.index.tables.nums} n WHERE n.field = ? AND ${condition.text})`,
    target.at,
    ...condition.params,
  );
}

function compileGeo(clause: FilterClause, target: Target): Sql {
  return any(clause.values.map((value: FilterValue) => withinPlace(target.at, parsePlace(target.field, value))));
}

function any(conditions: readonly Sql[]): Sql {
  if (conditions.length === 1 && conditions[0] !== undefined)
    return sql(`(${conditions[0].text})`, ...conditions[0].params);
  const joined = joinSql(conditions, ' OR ');
  return sql(`(${joined.text})`, ...joined.params);
}
