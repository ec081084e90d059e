import { describe, expect, it } from 'vitest';
import { progressBar } from './progress-bar.ts';

function drawn(isTTY: boolean, steps: readonly [number, number][]): string {
  let text = '';
  const bar = progressBar({ isTTY, write: (part) => (text += part) });
  for (const [done, total] of steps) bar.show('label', done, total);
  bar.end();
  return text;
}

describe('a progress bar', () => {
  it('redraws one line on a terminal, and leaves it there at the end', () => {
    const text = drawn(true, [
      [0, 10],
      [5, 10],
      [10, 10],
    ]);
    const lines = text.split('\r\u001b[2K');
    expect(lines).toHaveLength(4);
    expect(lines[2]).toBe(`[${'#'.repeat(15)}${'.'.repeat(15)}]  50 %  5 of 10  label`);
    expect(lines[3]).toBe(`[${'#'.repeat(30)}] 100 %  10 of 10  label\n`);
  });

  it('writes a line for each tenth into a file', () => {
    const steps = Array.from({ length: 1_001 }, (_, done): [number, number] => [done, 1_000]);
    const lines = drawn(false, steps).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toContain('1000 of 1000');
  });

  it('never goes beyond the end, and takes nothing for the whole of nothing', () => {
    expect(drawn(false, [[12, 10]])).toContain('100 %');
    expect(drawn(false, [[0, 0]])).toContain('100 %');
  });
});
