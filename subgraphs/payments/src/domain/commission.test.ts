import fc from 'fast-check';
import { money } from '@marketgraph/platform/core';
import { describe, expect, it } from 'vitest';
import { commissionOf, type CommissionRule, DEFAULT_RATE, ruleFor } from './commission.ts';

const eur = (amount: number) => money(amount, 'EUR');
const at = new Date('2026-06-01T00:00:00Z');

function aRule(overrides: Partial<CommissionRule> = {}): CommissionRule {
  return {
    id: 'cmr_1',
    rate: 500,
    fixed: null,
    vendorId: null,
    categoryId: null,
    priority: 0,
    validFrom: null,
    validUntil: null,
    ...overrides,
  };
}

const subject = { vendorId: 'ven_1', categoryIds: ['cat_lamps', 'cat_home'], at, currencyCode: 'EUR' };
const chosen = (rules: CommissionRule[]) => ruleFor(rules, subject)?.id ?? null;

describe('P9 which rule a sale falls under', () => {
  const everybody = aRule({ id: 'everybody', priority: 100 });
  const category = aRule({ id: 'category', categoryId: 'cat_home', priority: 50 });
  const vendor = aRule({ id: 'vendor', vendorId: 'ven_1' });
  const both = aRule({ id: 'both', vendorId: 'ven_1', categoryId: 'cat_lamps' });

  it("a vendor's before a category's before one for everybody, whatever their priorities", () => {
    expect(chosen([everybody, category, vendor])).toBe('vendor');
    expect(chosen([everybody, category])).toBe('category');
    expect(chosen([everybody])).toBe('everybody');
    expect(chosen([vendor, both])).toBe('both');
    expect(chosen([])).toBeNull();
  });

  it('within a kind the higher priority, then the older rule', () => {
    expect(chosen([aRule({ id: 'b', priority: 1 }), aRule({ id: 'a', priority: 2 })])).toBe('a');
    expect(chosen([aRule({ id: 'b' }), aRule({ id: 'a' })])).toBe('a');
  });

  it.each([
    ['of another vendor', aRule({ vendorId: 'ven_2' })],
    ['of a category that was not sold', aRule({ categoryId: 'cat_toys' })],
    ['whose fixed part is in another currency', aRule({ fixed: money(50, 'USD') })],
    ['that begins later', aRule({ validFrom: new Date(at.getTime() + 1) })],
    ['that ended with this moment', aRule({ validUntil: at })],
  ])('never one %s', (_, rule) => {
    expect(chosen([rule])).toBeNull();
  });

  it('one that begins with this moment applies', () => {
    expect(chosen([aRule({ validFrom: at })])).toBe('cmr_1');
  });
});

describe('what the platform keeps', () => {
  it.each([
    ['ten per cent where there is no rule', null, { gross: eur(9_800), base: eur(9_800), taxRate: 0 }, [980, 0]],
    [
      'the rate of the products, not of delivery',
      aRule(),
      { gross: eur(11_000), base: eur(10_000), taxRate: 1_900 },
      [500, 95],
    ],
    ['a fixed part on top', aRule({ fixed: eur(30) }), { gross: eur(1_000), base: eur(1_000), taxRate: 0 }, [80, 0]],
    [
      'never more than was paid',
      aRule({ fixed: eur(500) }),
      { gross: eur(300), base: eur(300), taxRate: 1_900 },
      [300, 0],
    ],
    ['half a cent rounds up', aRule({ rate: 1_000 }), { gross: eur(5), base: eur(5), taxRate: 0 }, [1, 0]],
  ] as const)('%s', (_, rule, sale, expected) => {
    const { amount, tax } = commissionOf(rule, sale);
    expect([amount.amount, tax.amount]).toEqual(expected);
  });

  it('never leaves a vendor with less than nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 12 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        (gross, rate, taxRate, fixed) => {
          const rule = aRule({ rate, fixed: eur(fixed) });
          const { amount, tax } = commissionOf(rule, { gross: eur(gross), base: eur(gross), taxRate });
          expect(amount.amount).toBeGreaterThanOrEqual(0);
          expect(tax.amount).toBeGreaterThanOrEqual(0);
          expect(amount.amount + tax.amount).toBeLessThanOrEqual(gross);
        },
      ),
    );
    expect(DEFAULT_RATE).toBe(1_000);
  });
});
