import { describe, expect, it } from 'vitest';
import type { PaymentStatus } from './payment.ts';
import { isCompanion, isRecordedAlready, type RecordedPayment } from './payment-news.ts';

const recorded = (over: Partial<RecordedPayment> = {}): RecordedPayment => ({
  ...{ status: 'REQUIRES_PAYMENT_METHOD', amount: 1_000, authorizedAmount: 0, isClosed: false },
  ...over,
});

const TYPES = [
  'payment_intent.created',
  'payment_intent.requires_action',
  'payment_intent.processing',
  'payment_intent.amount_capturable_updated',
  'payment_intent.payment_failed',
  'payment_intent.succeeded',
  'payment_intent.canceled',
  'charge.succeeded',
  'charge.captured',
  'charge.updated',
  'charge.failed',
  'charge.expired',
];
const REFUNDS = ['charge.refunded', 'charge.refund.updated', 'refund.created', 'refund.updated', 'refund.failed'];
const DISPUTES = ['created', 'updated', 'funds_withdrawn', 'funds_reinstated', 'closed'].map(
  (what) => `charge.dispute.${what}`,
);
const STATUSES: PaymentStatus[] = ['REQUIRES_PAYMENT_METHOD', 'AUTHORIZED', 'CAPTURED', 'VOIDED', 'REFUNDED', 'FAILED'];

describe('an event of the provider about a payment', () => {
  it.each([...REFUNDS, ...DISPUTES])('is news whatever is recorded: %s', (type) => {
    for (const status of STATUSES) {
      for (const isClosed of [true, false]) expect(isRecordedAlready(type, recorded({ status, isClosed }))).toBe(false);
    }
  });

  it.each(TYPES)('is no news of a payment to which nothing more happens by itself: %s', (type) => {
    expect(isRecordedAlready(type, recorded({ status: 'CAPTURED', authorizedAmount: 1_000, isClosed: true }))).toBe(
      true,
    );
  });

  it('is no news when it tells of the hold that is recorded in full', () => {
    const held = recorded({ status: 'AUTHORIZED', authorizedAmount: 1_000 });
    const known = TYPES.filter((type) => isRecordedAlready(type, held));
    expect(known).toEqual(['payment_intent.created', 'payment_intent.amount_capturable_updated', 'charge.succeeded']);
  });

  it('is news of a hold that was recorded in part', () => {
    const held = recorded({ status: 'AUTHORIZED', authorizedAmount: 900 });
    expect(isRecordedAlready('payment_intent.amount_capturable_updated', held)).toBe(false);
  });

  it('is news of everything but its beginning before anything is held, and while a capture is still owed its fee or its settlement', () => {
    for (const status of ['REQUIRES_PAYMENT_METHOD', 'CAPTURED'] as const) {
      const open = recorded({ status, authorizedAmount: status === 'CAPTURED' ? 1_000 : 0 });
      expect(TYPES.filter((type) => isRecordedAlready(type, open))).toEqual(['payment_intent.created']);
    }
  });

  it('waits for the one it comes with, unless somebody may wait for it', () => {
    expect(TYPES.filter(isCompanion)).toEqual([
      ...['payment_intent.created', 'charge.succeeded', 'charge.captured', 'charge.updated'],
    ]);
    expect([...REFUNDS, ...DISPUTES].filter(isCompanion)).toEqual([]);
  });
});
