import fc from 'fast-check';
import { money, split } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { balanceOf, checkParts, MAX_PARTS, settle, type SettlementPart } from './settlement.ts';

const eur = (amount: number) => money(amount, 'EUR');

function aPart(amount: number, overrides: Partial<SettlementPart> = {}): SettlementPart {
  return {
    vendorOrderId: `vor_${Math.random()}`,
    vendorId: 'ven_1',
    gross: eur(amount),
    productTotal: null,
    tax: null,
    shipping: null,
    categoryIds: [],
    ...overrides,
  };
}

describe('the parts of an order', () => {
  it('are accepted when they are its whole, or less of it', () => {
    expect(checkParts([aPart(600), aPart(400)], eur(1_000))).toEqual({ ok: true, value: eur(1_000) });
    expect(checkParts([aPart(600)], eur(1_000))).toEqual({ ok: true, value: eur(600) });
  });

  it.each([
    ['there are none', []],
    ['they are more than the whole', [aPart(600), aPart(401)]],
    ['they are worth nothing', [aPart(0)]],
    ['one is named twice', [aPart(1, { vendorOrderId: 'vor_1' }), aPart(2, { vendorOrderId: 'vor_1' })]],
    ['one is in another currency', [aPart(1, { gross: money(1, 'USD') })]],
    ['one is negative', [aPart(500), aPart(-100)]],
    ['its products cost more than all of it', [aPart(100, { productTotal: eur(101) })]],
    ['there are too many', Array.from({ length: MAX_PARTS + 1 }, () => aPart(1))],
  ])('are INVALID when %s', (_, parts) => {
    expect(checkParts(parts, eur(1_000))).toMatchObject({ ok: false, rejection: { code: 'INVALID' } });
  });
});

describe('settlements', () => {
  const rate = fc.integer({ min: 0, max: 10_000 });

  it('P6 together are exactly what was captured, and each is commission + tax + net', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 10 }),
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 12 }),
        rate,
        rate,
        (captured, weights, ruleRate, taxRate) => {
          const parts = split(eur(captured), weights).map(({ amount }, index) =>
            aPart(amount, { vendorOrderId: `vor_${index}` }),
          );
          const rules = [
            {
              id: 'r',
              rate: ruleRate,
              fixed: eur(7),
              vendorId: null,
              categoryId: null,
              priority: 0,
              validFrom: null,
              validUntil: null,
            },
          ];
          const settlements = settle(parts, { rules, commissionTaxRate: taxRate, at: new Date(0) });
          const total = settlements.reduce((sum, { gross }) => sum + gross.amount, 0);
          expect(total).toBe(captured);
          for (const { gross, commission, net } of settlements) {
            expect(commission.amount.amount + commission.tax.amount + net.amount).toBe(gross.amount);
            expect(net.amount).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: cases(1_000) },
    );
  });
});

it('a balance names what is held, releasable, paid out and owed', () => {
  expect(balanceOf('EUR', { HELD: 10, RELEASED: 30 }, { owed: 4, paidOut: 25 })).toEqual({
    held: eur(10),
    releasable: eur(0),
    paidOut: eur(25),
    negative: eur(4),
  });
});
