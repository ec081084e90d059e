import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, type CheckoutEvent, firstState, isNewsTo, type PaymentReport } from './checkout.ts';

const failure = { code: 'INVALID', message: 'No.' };
const reservation = { id: 'rsv', expiresAt: '2026-01-01T00:15:00.000Z' };
const paymentId = 'pay';

const reports: PaymentReport[] = (['AUTHORIZED', 'CAPTURED', 'DECLINED', 'VOIDED'] as const).map((status) => ({
  paymentId,
  status,
}));

const events: CheckoutEvent[] = [
  { type: 'stockReserved', reservation },
  { type: 'stockRefused', failure },
  { type: 'paymentCreated', paymentId },
  { type: 'paymentRefused', failure },
  { type: 'stockConfirmed' },
  { type: 'stockGone', failure },
  { type: 'paymentSettled' },
  { type: 'captureRefused', failure },
  { type: 'stockReverted' },
  { type: 'paymentVoided' },
  { type: 'stockReleased' },
  { type: 'cartCleared' },
  { type: 'completionAsked' },
  { type: 'abandoned', failure },
  { type: 'timeUp' },
  { type: 'resumed' },
  ...reports.map((report): CheckoutEvent => ({ type: 'paymentReported', report })),
];

describe('a report of the payment', () => {
  it('that changes nothing would change nothing later either, whatever happens meanwhile', () => {
    fc.assert(
      fc.property(
        // The way that is mostly taken first, so that all states are reached often.
        fc.integer({ min: 0, max: 6 }),
        fc.array(fc.constantFrom(...events), { maxLength: 30 }),
        fc.constantFrom(...reports),
        (usual, others, report) => {
          const way = [
            'stockReserved',
            'paymentCreated',
            'paymentReported',
            'stockConfirmed',
            'paymentSettled',
            'cartCleared',
          ];
          const first = way.slice(0, usual).map((type) => events.find((event) => event.type === type)!);
          let state = firstState;
          let wasNews = isNewsTo(state, report);
          for (const event of [...first, ...others]) {
            state = advance(state, event).state;
            const isNews = isNewsTo(state, report);
            expect(wasNews || !isNews).toBe(true);
            wasNews = isNews;
          }
        },
      ),
      { numRuns: cases(2_000) },
    );
  });

  it('is news to whoever waits for it, and not to an order that is through', () => {
    const [authorized] = reports as [PaymentReport];
    expect(isNewsTo({ status: 'AWAITING_PAYMENT', reservation, paymentId }, authorized)).toBe(true);
    expect(isNewsTo({ status: 'AWAITING_PAYMENT', reservation, paymentId: 'another' }, authorized)).toBe(false);
    expect(isNewsTo({ status: 'SETTLING', reservation, paymentId }, authorized)).toBe(false);
    expect(isNewsTo({ status: 'COMPLETED', paymentId }, authorized)).toBe(false);
  });
});
