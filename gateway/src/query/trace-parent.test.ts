import { expect, it } from 'vitest';
import { newTraceParent } from './trace-parent.ts';

it('makes traces that are all different, also beyond what is drawn at once', () => {
  const traces = Array.from({ length: 2_000 }, newTraceParent);
  for (const trace of traces) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(new Set(traces.map((trace) => trace.slice(3, 35))).size).toBe(2_000);
  expect(new Set(traces.map((trace) => trace.slice(36, 52))).size).toBe(2_000);
});
