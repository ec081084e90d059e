import type { SpanLine } from '@marketgraph/platform/tracing';

export interface SpanNode extends SpanLine {
  children: SpanNode[];
}

/** Shown of each span's parts; the slowest ones, in the order in which they began. */
const SHOWN_PARTS = 12;
const NAME_WIDTH = 72;

/** What nothing caused, or what was caused by something that is not here, with everything below it in order of time. */
export function treesOf(spans: readonly SpanLine[]): SpanNode[] {
  const nodes = new Map(spans.map((span) => [span.spanId, { ...span, children: [] as SpanNode[] }]));
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.parentId === undefined ? undefined : nodes.get(node.parentId);
    (parent?.children ?? roots).push(node);
  }
  for (const { children } of nodes.values()) children.sort(byStart);
  return roots.toSorted(byStart);
}

/**
 * The tree of a trace with its slowest path opened: below each span its parts, of which the one that took longest is
 * opened further. What goes on after its cause has ended, as consumers do, is in it like any other part.
 */
export function printSlowestPath(spans: readonly SpanLine[]): string {
  const [root, ...others] = treesOf(spans);
  if (!root) return 'There are no spans.';
  const services = new Set(spans.map(({ service }) => service));
  const end = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs));
  const lines = [
    `trace ${root.traceId}: ${spans.length} spans in ${services.size} services, ${ms(root.durationMs)} to the answer, ${ms(end - root.startMs)} to the last consequence`,
    '',
    ...open(root, root.startMs, ''),
    ...others.map((other) => `${line(other, root.startMs, '')}  (its cause is not here)`),
  ];
  return lines.join('\n');
}

function open(node: SpanNode, begin: number, indent: string): string[] {
  const slowest = node.children.toSorted((a, b) => b.durationMs - a.durationMs);
  const shown = new Set(slowest.slice(0, SHOWN_PARTS));
  const left = node.children.length - shown.size;
  const parts = node.children.filter((child) => shown.has(child));
  return [
    line(node, begin, indent),
    ...parts.flatMap((child) =>
      child === slowest[0] ? open(child, begin, `${indent}  `) : [line(child, begin, `${indent}  `)],
    ),
    ...(left > 0 ? [`${indent}    … and ${left} more, none of them slower`] : []),
  ];
}

function line(span: SpanNode, begin: number, indent: string): string {
  const below = span.children.length > 0 ? ` (${count(span) - 1} below)` : '';
  const name = `${indent}${span.name} [${span.service}]${below}${span.error === undefined ? '' : ` ✗ ${span.error}`}`;
  return `${name.padEnd(NAME_WIDTH)} ${ms(span.durationMs).padStart(10)}  at ${ms(span.startMs - begin)}`;
}

function count({ children }: SpanNode): number {
  return children.reduce((total, child) => total + count(child), 1);
}

function byStart(a: SpanLine, b: SpanLine): number {
  return a.startMs - b.startMs;
}

function ms(duration: number): string {
  return `${duration.toFixed(1)} ms`;
}
