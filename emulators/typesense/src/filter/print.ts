import type { FilterNode, FilterValue } from './ast.ts';

/** Writes a filter back in a form that parses to the same tree. A value with a backtick has no spelling in Typesense. */
export function printFilter(node: FilterNode): string {
  if (node.kind !== 'clause') {
    const operator = node.kind === 'and' ? '&&' : '||';
    return `${printFilter(node.left)} ${operator} ${printRight(node.right)}`;
  }
  const values = node.values.map(printValue);
  const value = node.list ? `[${values.join(', ')}]` : (values[0] ?? '');
  return `${node.field}${node.operator} ${value}`;
}

// Operators bind from the left, so only the right side ever needs parentheses.
function printRight(node: FilterNode): string {
  return node.kind === 'clause' ? printFilter(node) : `(${printFilter(node)})`;
}

function printValue(value: FilterValue): string {
  if (!value.quoted) return value.text;
  if (value.text.includes('`')) throw new Error('a backtick cannot be written in a Typesense filter value');
  return `\`${value.text}\``;
}
