import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from './bus.ts';
import { runsTogether } from './runs-together.ts';

const aDelivery = (at: number, facts: Partial<{ key: string; name: string; trace: string; attempt: number }> = {}) => {
  const { key = `k${at}`, name = 'joins', trace, attempt = 1 } = facts;
  const envelope = { id: `e${at}`, name, version: 1, occurredAt: '', key, sequence: at, trace, payload: {} };
  return { domain: 'd', position: String(at), envelope, attempt } satisfies Delivery;
};
const options = { mayJoin: ({ envelope }: Delivery) => envelope.name === 'joins', maxRun: 3 };

describe('runs of events that are handled together', () => {
  it('are as long as they may be, and what is left over is by itself', () => {
    const deliveries = Array.from({ length: 7 }, (_, at) => aDelivery(at));
    const { runs, apart } = runsTogether(deliveries, options);
    expect(runs.map((run) => run.length)).toEqual([3, 3]);
    expect(apart).toEqual(deliveries.slice(6));
  });

  it('have one cause, and none that was handed out before', () => {
    const [a, b, c, d, e] = [
      aDelivery(0, { trace: 'x' }),
      aDelivery(1, { trace: 'x' }),
      aDelivery(2, { trace: 'y' }),
      aDelivery(3, { trace: 'y', attempt: 2 }),
      aDelivery(4, { trace: 'y' }),
    ];
    expect(runsTogether([a, b, c, d, e], options)).toEqual({
      runs: [
        [a, b],
        [c, e],
      ],
      apart: [d],
    });
  });

  it('keep the order of each key, and lose nothing', () => {
    const delivery = fc.record({
      key: fc.constantFrom('', 'a', 'b', 'c'),
      name: fc.constantFrom('joins', 'joins', 'joins', 'does not'),
      trace: fc.constantFrom(undefined, 'x'),
      attempt: fc.constantFrom(1, 1, 1, 2),
    });
    fc.assert(
      fc.property(fc.array(delivery, { maxLength: 20 }), (facts) => {
        const deliveries = facts.map((each, at) => aDelivery(at, each));
        const { runs, apart } = runsTogether(deliveries, options);
        expect(apart.every((each) => deliveries.includes(each as never))).toBe(true);
        const handled = [...runs.flat(), ...apart];
        expect(new Set(handled).size).toBe(deliveries.length);
        expect(handled).toHaveLength(deliveries.length);
        for (const each of Map.groupBy(handled, ({ envelope, position }) => envelope.key || position).values()) {
          const places = each.map(({ position }) => Number(position));
          expect(places).toEqual(places.toSorted((one, other) => one - other));
        }
      }),
    );
  });
});
