import { describe, expect, it } from 'vitest';
import { linePlot } from './line-plot.ts';

const axes = { xLabel: 'callers', yLabel: 'ms', title: 'a < b & c' };
const pointsOf = (svg: string) =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

describe('a line plot', () => {
  it('puts equal factors at equal distances on a logarithmic axis, more of y further up', () => {
    const points = [1, 4, 16, 64].map((x) => [x, x / 2] as const);
    const drawn = pointsOf(linePlot({ ...axes, yScale: 'log', series: [{ name: 'one', points }] }));
    const gaps = drawn.slice(1).map(([x, y], index) => [x - drawn[index]![0], drawn[index]![1] - y]);
    for (const [right, up] of gaps) {
      expect(right).toBeCloseTo(gaps[0]![0]!, 0);
      expect(up).toBeCloseTo(gaps[0]![1]!, 0);
      expect(up).toBeGreaterThan(0);
    }
  });

  it('has a linear axis begin at 0, and a tick above the greatest value', () => {
    const svg = linePlot({
      ...axes,
      yScale: 'linear',
      series: [
        {
          name: 'one',
          points: [
            [1_000, 1.1],
            [10_000, 1.3],
          ],
        },
      ],
    });
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(['0', '0.5', '1', '1.5', '1,000', '10,000']));
  });

  it('says what its lines and axes are, whatever signs are in it', () => {
    const points = [[1, 1]] as const;
    const svg = linePlot({
      ...{ ...axes, yScale: 'log' },
      series: [
        { name: 'p50', points },
        { name: 'p99', points, isDashed: true },
      ],
    });
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['a &lt; b &amp; c', 'callers', 'ms', 'p50', 'p99']));
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });

  it('refuses to draw nothing', () => {
    expect(() => linePlot({ ...axes, yScale: 'log', series: [] })).toThrow('nothing to plot');
  });
});
