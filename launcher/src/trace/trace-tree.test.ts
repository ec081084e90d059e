import type { SpanLine } from '@marketgraph/platform/tracing';
import { describe, expect, it } from 'vitest';
import { printSlowestPath, treesOf } from './trace-tree.ts';

const span = (spanId: string, parentId: string | undefined, startMs: number, durationMs: number): SpanLine => ({
  traceId: 't',
  spanId,
  ...(parentId === undefined ? {} : { parentId }),
  service: 'orders',
  name: `work ${spanId}`,
  kind: 'INTERNAL',
  startMs,
  durationMs,
});

const trace = [
  // As they arrive: parts before what they are parts of.
  span('slow-part', 'slow', 21, 60),
  span('quick-part', 'quick', 2, 1),
  span('slow', 'root', 20, 70),
  span('quick', 'root', 1, 5),
  span('root', undefined, 0, 100),
  span('after', 'root', 150, 10),
];

describe('the tree of a trace', () => {
  it('has everything below what caused it, in the order of time', () => {
    const [root, ...others] = treesOf(trace);
    expect(others).toEqual([]);
    expect(root!.children.map(({ spanId }) => spanId)).toEqual(['quick', 'slow', 'after']);
  });

  it('opens the slowest part of each, and only names the others', () => {
    const printed = printSlowestPath(trace);
    expect(printed).toContain('100.0 ms to the answer, 160.0 ms to the last consequence');
    expect(
      printed
        .split('\n')
        .slice(2)
        .map((line) => line.trim().split(' [')[0]),
    ).toEqual(['work root', 'work quick', 'work slow', 'work slow-part', 'work after']);
  });

  it('shows so many parts and says how many there are besides', () => {
    const parts = Array.from({ length: 40 }, (_, at) => span(`part-${at}`, 'root', at, at));
    expect(printSlowestPath([span('root', undefined, 0, 100), ...parts])).toContain('… and 28 more');
  });

  it('shows what has no cause here, instead of hiding it', () => {
    expect(printSlowestPath([...trace, span('lost', 'nobody', 3, 1)])).toContain('its cause is not here');
    expect(printSlowestPath([])).toBe('There are no spans.');
  });
});
