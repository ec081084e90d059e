import fc from 'fast-check';
import { money, split } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import {
  balanceAfter,
  bookCapture,
  bookRefund,
  bookRelease,
  bookTransfer,
  journal,
  type Journal,
  normalSide,
  type Posting,
  UnbalancedJournalError,
} from './ledger.ts';

const eur = (amount: number) => money(amount, 'EUR');
const cash = { kind: 'PLATFORM_CASH', ownerId: '', currencyCode: 'EUR' } as const;
const held = { kind: 'BUYER_FUNDS_HELD', ownerId: '', currencyCode: 'EUR' } as const;

describe('a journal', () => {
  const posting = (direction: 'DEBIT' | 'CREDIT', amount = eur(10)): Posting => ({ account: cash, direction, amount });
  it.each([
    ['one side only', [posting('DEBIT')]],
    ['sides that differ', [posting('DEBIT'), posting('CREDIT', eur(9))]],
    ['sides of two currencies', [posting('DEBIT'), posting('CREDIT', money(10, 'USD'))]],
    ['a negative amount', [posting('DEBIT', eur(-10)), posting('CREDIT', eur(-10))]],
    ['nothing in it', []],
  ])('with %s is refused', (_, postings) => {
    expect(() => journal('test', 'Test', postings)).toThrow(UnbalancedJournalError);
  });

  it('leaves out postings of nothing', () => {
    expect(
      journal('test', 'Test', [posting('DEBIT'), posting('CREDIT'), posting('CREDIT', eur(0))]).postings,
    ).toHaveLength(2);
  });
});

/** What can happen to captured money, as random steps; impossible ones are skipped like the commands would refuse them. */
const steps = fc.array(
  fc.record({
    step: fc.constantFrom('capture', 'release', 'transfer', 'refund'),
    amount: fc.integer({ min: 1, max: 10 ** 9 }),
    weights: fc.tuple(fc.nat(50), fc.nat(20), fc.integer({ min: 1, max: 1_000 })),
    currency: fc.constantFrom('EUR', 'USD', 'JPY'),
  }),
  { maxLength: 40 },
);

describe('P10 after any sequence of facts', () => {
  it('P10 debits equal credits per journal and in all, and no held money is below zero', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const journals: Journal[] = [];
        const heldNow = new Map<string, number>();
        const payable = new Map<string, number>();
        for (const [index, { step, amount, weights, currency }] of sequence.entries()) {
          const inHand = heldNow.get(currency) ?? 0;
          const due = payable.get(currency) ?? 0;
          if (step === 'capture') {
            journals.push(bookCapture(`pay_${index}`, money(amount, currency), 'ch'));
            heldNow.set(currency, inHand + amount);
          } else if (step === 'release' && inHand >= amount) {
            const [commission, commissionTax, net] = split(money(amount, currency), weights) as [never, never, never];
            const settlement = {
              id: `stl_${index}`,
              vendorId: 'ven_1',
              gross: money(amount, currency),
              commission,
              commissionTax,
              net,
            };
            journals.push(bookRelease(settlement));
            heldNow.set(currency, inHand - amount);
            payable.set(currency, due + (net as { amount: number }).amount);
          } else if (step === 'refund' && inHand >= amount) {
            journals.push(
              bookRefund(`rfd_${index}`, money(amount, currency), [{ from: 'HELD', amount: money(amount, currency) }]),
            );
            heldNow.set(currency, inHand - amount);
          } else if (step === 'transfer' && due > 0) {
            journals.push(bookTransfer(`stl_${index}`, 'ven_1', money(due, currency)));
            payable.set(currency, 0);
          }
        }
        const all = journals.flatMap(({ postings }) => postings);
        for (const currency of ['EUR', 'USD', 'JPY']) {
          expect(signedSum(all, currency)).toBe(0);
          for (const { postings } of journals) expect(signedSum(postings, currency)).toBe(0);
          expect(balanceAfter({ ...held, currencyCode: currency }, all).amount).toBe(heldNow.get(currency) ?? 0);
          const vendor = { kind: 'VENDOR_PAYABLE', ownerId: 'ven_1', currencyCode: currency } as const;
          expect(balanceAfter(vendor, all).amount).toBe(payable.get(currency) ?? 0);
        }
      }),
      { numRuns: cases(1_000) },
    );
  });

  it('P7 captured money is held, and becomes the vendor’s, ours and the tax office’s at release', () => {
    const all = [
      bookCapture('pay_1', eur(1_000), 'ch_1'),
      bookRelease({
        id: 'stl_1',
        vendorId: 'ven_1',
        gross: eur(1_000),
        commission: eur(100),
        commissionTax: eur(19),
        net: eur(881),
      }),
    ].flatMap(({ postings }) => postings);
    expect(balanceAfter(cash, all)).toEqual(eur(1_000));
    expect(balanceAfter(held, all)).toEqual(eur(0));
    expect(balanceAfter({ ...held, kind: 'VENDOR_PAYABLE', ownerId: 'ven_1' }, all)).toEqual(eur(881));
    expect(balanceAfter({ ...held, kind: 'PLATFORM_REVENUE' }, all)).toEqual(eur(100));
    expect(balanceAfter({ ...held, kind: 'TAX_PAYABLE' }, all)).toEqual(eur(19));
    expect(normalSide.PLATFORM_CASH).toBe('DEBIT');
  });
});

function signedSum(postings: readonly Posting[], currency: string): number {
  return postings
    .filter(({ amount }) => amount.currencyCode === currency)
    .reduce((sum, { direction, amount }) => sum + (direction === 'DEBIT' ? amount.amount : -amount.amount), 0);
}
