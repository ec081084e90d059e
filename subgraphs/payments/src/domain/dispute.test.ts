import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disputeStatusAfter, shareOfLoss } from './dispute.ts';
import { bookDisputeMovement } from './ledger.ts';

describe('the life of a dispute', () => {
  it.each([
    [null, 'OPEN', 'OPEN'],
    [null, 'LOST', 'LOST'],
    ['OPEN', 'WON', 'WON'],
    ['OPEN', 'LOST', 'LOST'],
    ['WON', 'OPEN', 'WON'],
    ['LOST', 'OPEN', 'LOST'],
    ['LOST', 'WON', 'LOST'],
    ['WON', 'LOST', 'WON'],
  ] as const)('seen as %s → %s it is %s', (known, seen, after) => {
    expect(disputeStatusAfter(known, seen)).toBe(after);
  });
});

describe('what sellers lose with a dispute', () => {
  it('is all that was taken, but never more than had not gone back already', () => {
    expect(shareOfLoss({ withdrawn: 700, captured: 1_000, refunded: 300 })).toBe(700);
    expect(shareOfLoss({ withdrawn: 700, captured: 1_000, refunded: 600 })).toBe(400);
    expect(shareOfLoss({ withdrawn: 700, captured: 1_000, refunded: 1_000 })).toBe(0);
    expect(shareOfLoss({ withdrawn: 0, captured: 1_000, refunded: 0 })).toBe(0);
  });
});

describe('P10 the books of a dispute', () => {
  it('P10 have what the bank took and what it cost, and nothing of it once all came back', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(5_000), (amount, fee) => {
        const taken = bookDisputeMovement({ reference: 'txn_1', amount, fee }, 'EUR');
        const returned = bookDisputeMovement({ reference: 'txn_2', amount: -amount, fee: -fee }, 'EUR');
        const net = new Map<string, number>();
        for (const { account, direction, amount: value } of [taken, returned].flatMap((one) => one?.postings ?? [])) {
          const signed = direction === 'DEBIT' ? value.amount : -value.amount;
          net.set(account.kind, (net.get(account.kind) ?? 0) + signed);
        }
        expect([...net.values()].every((value) => value === 0)).toBe(true);
        expect(taken === null).toBe(amount === 0 && fee === 0);
      }),
    );
  });
});
