import { describe, expect, it } from 'vitest';
import { isReached } from '../measure/report.ts';
import type { OrderRound, SaleRound, System } from './market.ts';
import { reportBeside } from './vendure-report.ts';

const aRound = (system: System, buyers: number, node: number): OrderRound => ({
  ...{ system, buyers, orders: 10, ordersPerSecond: 5, p50Ms: 100, p99Ms: 200 },
  cpuMs: { node, postgres: 20, redis: system === 'ours' ? 5 : 0, emulators: system === 'ours' ? 15 : 0 },
});

const aSale = (system: System, sold: number): SaleRound => ({
  ...{ system, mode: 'prepared', buyers: 500, units: 100, sold, onHand: 0, setAside: 0 },
  ...{ confirmed: sold, soldOut: 500 - sold, surprises: [], seconds: 10 },
  toldP95Ms: sold < 500 ? 1_000 : undefined,
  cpuMs: { node: 10, postgres: 5, redis: 0, emulators: 0 },
});

describe('two marketplaces side by side', () => {
  it('compares each round with the one beside it, our stand-ins told apart', () => {
    const orders = [
      ...[aRound('ours', 1, 75), aRound('Vendure', 1, 130)],
      // The machine had something else to do for both.
      ...[aRound('ours', 1, 375), aRound('Vendure', 1, 580)],
      // And here for ours alone.
      ...[aRound('ours', 1, 900), aRound('Vendure', 1, 130)],
      ...[aRound('ours', 16, 175), aRound('Vendure', 16, 80)],
    ];
    const { figures } = reportBeside({ idle: [], orders, sales: [], notes: [], options: {} });
    expect(figures.map(({ name, value }) => [name, value])).toEqual([
      ['less CPU per order than Vendure, 1 at a time', 1.5],
      ['less CPU per order than Vendure, 1 at a time, our stand-ins included', 1.3],
      ['less CPU per order than Vendure, 16 at a time', 0.5],
      ['less CPU per order than Vendure, 16 at a time, our stand-ins included', 0.47],
    ]);
    expect(figures.map(isReached)).toEqual([true, true, false, false]);
  });

  it('promises of ours that no more is sold than there is, and says it of whoever sold more', () => {
    const sales = [aSale('ours', 100), aSale('Vendure', 480)];
    const { figures, notes, tables } = reportBeside({ idle: [], orders: [], sales, notes: [], options: {} });
    expect(figures).toMatchObject([{ value: 1, limit: 1, want: 'at most' }]);
    expect(notes).toEqual([
      'Vendure sold 480 of 100 units in the prepared sale: 480 buyers were told that their order is paid.',
    ]);
    expect(tables[0]!.rows.map((row) => row['sold ÷ units'])).toEqual(['1.00', '4.80']);
    const [worse] = reportBeside({ idle: [], orders: [], sales: [aSale('ours', 101)], notes: [], options: {} }).figures;
    expect(isReached(worse!)).toBe(false);
  });

  it('has no figures, and says why, when there is nobody to compare with', () => {
    const report = reportBeside({
      idle: [],
      orders: [],
      sales: [],
      notes: ['Vendure is left out: no network'],
      options: {},
    });
    expect(report).toMatchObject({ figures: [], tables: [], notes: ['Vendure is left out: no network'] });
  });
});
