import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Expression {
  /** Whether Prometheus' own grammar reads it to its end. */
  isValid: boolean;
  selectors: { name: string; labels: string[] }[];
  /** Of `by (…)` and `without (…)`. */
  groupedBy: string[];
}

export function readExpression(text: string): Expression {
  const expression: Expression = { isValid: true, selectors: [], groupedBy: [] };
  const textOf = ({ from, to }: SyntaxNode) => text.slice(from, to);
  parser.parse(text).iterate({
    enter({ type, node }) {
      if (type.isError) expression.isValid = false;
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier');
        const labels = textOf(node).matchAll(/[{,]\s*(\w+)\s*[=!]/g);
        expression.selectors.push({ name: name ? textOf(name) : '', labels: [...labels].map(([, label]) => label!) });
      }
      if (type.name === 'GroupingLabels') expression.groupedBy.push(...(textOf(node).match(/\w+/g) ?? []));
    },
  });
  return expression;
}
