import { money } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commissionOf } from './commission.ts';
import { afterRefund, planRefund, type SettlementTerms, statusAfterRefund, unassigned } from './refund.ts';
import { keyOf, needsNewKey, payoutStatus, shareOut } from './payout.ts';

const eur = (amount: number) => money(amount, 'EUR');
const RUNS = { numRuns: cases(10_000) };

/** As capture freezes them. */
const frozen = fc
  .record({
    captured: fc.integer({ min: 1, max: 1_000_000 }),
    baseShare: fc.integer({ min: 0, max: 10_000 }),
    rate: fc.integer({ min: 0, max: 10_000 }),
    fixed: fc.integer({ min: 0, max: 500 }),
    taxRate: fc.integer({ min: 0, max: 10_000 }),
  })
  .map(({ captured, baseShare, rate, fixed, taxRate }): SettlementTerms => {
    const base = Math.floor((captured * baseShare) / 10_000);
    const rule = { id: 'cmr_1', rate, fixed: eur(fixed) };
    const { amount, tax } = commissionOf(rule, { gross: eur(captured), base: eur(base), taxRate });
    const shares = { commission: amount.amount, commissionTax: tax.amount };
    const net = captured - shares.commission - shares.commissionTax;
    return { currencyCode: 'EUR', captured, base, rate, fixed, taxRate, gross: captured, ...shares, net };
  });

describe('what is left of a settlement after refunds', () => {
  it('P11 always adds up, and nobody has more than before or less than nothing, however it is split', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(frozen, cuts, (terms, shares) => {
        let now = terms;
        for (const share of shares) {
          const amount = Math.floor((now.gross * share) / 10_000);
          const left = afterRefund(now, amount);
          expect(left.gross).toBe(now.gross - amount);
          expect(left.commission + left.commissionTax + left.net).toBe(left.gross);
          for (const part of ['commission', 'commissionTax', 'net'] as const) {
            expect(left[part]).toBeGreaterThanOrEqual(0);
            expect(left[part]).toBeLessThanOrEqual(now[part]);
          }
          now = { ...now, ...left };
        }
      }),
      RUNS,
    );
  });

  it('P11 is nothing after all of it went back, and all of it after nothing did', () => {
    fc.assert(
      fc.property(frozen, (terms) => {
        const { gross, commission, commissionTax, net } = terms;
        expect(afterRefund(terms, 0)).toEqual({ gross, commission, commissionTax, net });
        expect(afterRefund(terms, gross)).toEqual({ gross: 0, commission: 0, commissionTax: 0, net: 0 });
      }),
      RUNS,
    );
  });

  it('refuses more than there is', () => {
    const [terms] = fc.sample(frozen, 1);
    expect(() => afterRefund(terms!, terms!.gross + 1)).toThrow(RangeError);
    expect(() => afterRefund(terms!, -1)).toThrow(RangeError);
  });
});

const aPayment = fc
  .record({
    settlements: fc.array(
      fc
        .record({ gross: fc.integer({ min: 0, max: 10_000 }), promised: fc.integer({ min: 0, max: 100 }) })
        .map(({ gross, promised }) => ({ gross, refunding: Math.floor((gross * promised) / 100) })),
      { maxLength: 6 },
    ),
    pool: fc.integer({ min: 0, max: 500 }),
    refunded: fc.integer({ min: 0, max: 500 }),
  })
  .map(({ settlements, pool, refunded }) => {
    const rows = settlements.map((one, index) => ({ ...one, id: `stl_${index}`, vendorOrderId: `vor_${index}` }));
    const refunding = rows.reduce((sum, row) => sum + row.refunding, 0);
    const captured = rows.reduce((sum, row) => sum + row.gross, 0) + pool + refunded;
    return { payment: { currencyCode: 'EUR', captured, refunded, refunding, settlements: rows }, pool };
  });

describe('a refund of an order', () => {
  it('44 P11 is divided exactly, within what each has left; more than there is, is refused', () => {
    fc.assert(
      fc.property(aPayment, fc.integer({ min: 1, max: 60_000 }), ({ payment, pool }, asked) => {
        expect(unassigned(payment)).toBe(pool);
        const left = payment.captured - payment.refunded - payment.refunding;
        const planned = planRefund(payment, { vendorOrderId: null, amount: eur(asked) });
        expect(planned.ok).toBe(asked <= left);
        if (!planned.ok) {
          expect(planned.rejection.code).toBe('REFUND_EXCEEDS');
          return;
        }
        expect(planned.value.reduce((sum, part) => sum + part.amount, 0)).toBe(asked);
        for (const part of planned.value) {
          const row = payment.settlements.find(({ id }) => id === part.settlementId);
          expect(part.amount).toBeLessThanOrEqual(row ? row.gross - row.refunding : pool);
        }
      }),
      RUNS,
    );
  });

  it.each([
    [{ amount: 10, captured: 10, refunded: 0 }, 'CAPTURED'],
    [{ amount: 10, captured: 8, refunded: 0 }, 'PARTIALLY_CAPTURED'],
    [{ amount: 10, captured: 10, refunded: 9 }, 'PARTIALLY_REFUNDED'],
    [{ amount: 10, captured: 8, refunded: 8 }, 'REFUNDED'],
  ] as const)('leaves a payment of %o %s', (payment, status) => {
    expect(statusAfterRefund(payment)).toBe(status);
  });
});

describe('what a vendor is paid', () => {
  it('P20 is its net less its debt: every unit of both is used once', () => {
    const nets = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 10 });
    fc.assert(
      fc.property(nets, fc.integer({ min: -100, max: 60_000 }), (amounts, debt) => {
        const shares = shareOut(
          amounts.map((net, index) => ({ id: `stl_${index}`, net })),
          debt,
        );
        const total = amounts.reduce((sum, net) => sum + net, 0);
        expect(shares.reduce((sum, { offset }) => sum + offset, 0)).toBe(Math.min(Math.max(debt, 0), total));
        for (const { net, offset, transfer } of shares) {
          expect(offset + transfer).toBe(net);
          expect(Math.min(offset, transfer)).toBeGreaterThanOrEqual(0);
        }
      }),
      RUNS,
    );
  });

  it('is PAID when all of it is there, FAILED when somebody has to look', () => {
    const of = (...statuses: ('PENDING' | 'SUCCEEDED' | 'HELD')[]) =>
      payoutStatus(statuses.map((status) => ({ status })));
    expect([of('SUCCEEDED', 'SUCCEEDED'), of('SUCCEEDED', 'PENDING'), of('PENDING', 'HELD')]).toEqual([
      'PAID',
      'PROCESSING',
      'FAILED',
    ]);
  });

  it('R19 keeps its key until the last try cannot be on its way any more', () => {
    const triedAt = new Date('2026-01-01T00:00:00Z');
    const operation = { id: 'refund:rfd_1', generation: 0, tries: 3, triedAt };
    expect(keyOf(operation)).toBe('refund:rfd_1:0');
    expect(needsNewKey(operation, new Date('2026-01-01T00:09:59Z'))).toBe(false);
    expect(needsNewKey(operation, new Date('2026-01-01T00:10:01Z'))).toBe(true);
    expect(needsNewKey({ ...operation, tries: 2 }, new Date('2026-01-02T00:00:00Z'))).toBe(false);
  });
});
