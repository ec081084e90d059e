import fc from 'fast-check';
import { money } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { type Intent, IntentMismatchError, type IntentStatus, newPayment, observe, statusOf } from './intent.ts';
import { canMove, isCaptured, type Payment } from './payment.ts';

const eur = (amount: number) => money(amount, 'EUR');

function anIntent(overrides: Partial<Intent> = {}): Intent {
  return {
    reference: 'pi_1',
    status: 'requires_payment_method',
    amount: eur(1_000),
    capturable: eur(0),
    received: eur(0),
    chargeReference: null,
    method: null,
    failure: null,
    fee: null,
    ...overrides,
  };
}

const card = { kind: 'CARD', brand: 'visa', last4: '4242', expiry: '12/2030' } as const;
const declined = { code: 'card_declined', message: 'Your card was declined.', chargeReference: 'ch_0' };
const authorized = anIntent({
  status: 'requires_capture',
  capturable: eur(1_000),
  chargeReference: 'ch_1',
  method: card,
});
const captured = anIntent({
  status: 'succeeded',
  received: eur(1_000),
  chargeReference: 'ch_1',
  method: card,
  fee: eur(59),
});

/** A payment after looking at the provider again and again. */
function after(intents: readonly Intent[], payment: Payment = newPayment('pay_1', eur(1_000))): Payment {
  return intents.reduce((current, intent) => {
    const { status, authorized: held, captured: taken, method, failure, newFee } = observe(current, intent);
    return { ...current, status, authorized: held, captured: taken, method, failure, fee: newFee ?? current.fee };
  }, payment);
}

describe('a payment that is disputed', () => {
  it('stays so whatever its intent says: that the dispute has ended is told by the dispute', () => {
    const disputed: Payment = { ...after([captured]), status: 'DISPUTED' };
    expect(observe(disputed, captured)).toMatchObject({ status: 'DISPUTED', transactions: [], captured: eur(1_000) });
  });
});

describe("the provider's status in our words", () => {
  it.each([
    [anIntent(), 'REQUIRES_PAYMENT_METHOD'],
    [anIntent({ failure: declined }), 'FAILED'],
    [anIntent({ status: 'requires_confirmation' }), 'REQUIRES_PAYMENT_METHOD'],
    [anIntent({ status: 'requires_action' }), 'REQUIRES_ACTION'],
    [anIntent({ status: 'processing' }), 'PROCESSING'],
    [authorized, 'AUTHORIZED'],
    [captured, 'CAPTURED'],
    [anIntent({ status: 'succeeded', received: eur(400) }), 'PARTIALLY_CAPTURED'],
    [anIntent({ status: 'canceled' }), 'VOIDED'],
  ] as const)('%o is %s', (intent, status) => {
    expect(statusOf(intent)).toBe(status);
  });
});

describe('one look at the provider', () => {
  it('that shows a hold: AUTHORIZED, with the card and one transaction', () => {
    expect(observe(newPayment('pay_1', eur(1_000)), authorized)).toEqual({
      status: 'AUTHORIZED',
      authorized: eur(1_000),
      captured: eur(0),
      method: card,
      failure: null,
      transactions: [
        { type: 'AUTHORIZATION', status: 'SUCCEEDED', amount: eur(1_000), gatewayReference: 'ch_1', failureCode: null },
      ],
      newlyCaptured: eur(0),
      newFee: null,
      isFinal: false,
    });
  });

  it('that shows money taken books what is new of it, and nothing the second time', () => {
    const payment = after([authorized]);
    expect(observe(payment, captured)).toMatchObject({ status: 'CAPTURED', newlyCaptured: eur(1_000), isFinal: true });
    expect(observe(after([captured], payment), captured)).toMatchObject({ status: 'CAPTURED', newlyCaptured: eur(0) });
  });

  it('that skips the hold still tells of both steps', () => {
    const { transactions } = observe(newPayment('pay_1', eur(1_000)), captured);
    expect(transactions.map(({ type }) => type)).toEqual(['AUTHORIZATION', 'CAPTURE', 'FEE']);
  });

  it('that shows what the provider keeps tells of it once, at the capture or later, also of what was refunded since', () => {
    const unknown = anIntent({ ...captured, fee: null });
    const payment = after([unknown]);
    expect(observe(newPayment('pay_1', eur(1_000)), unknown)).toMatchObject({ newFee: null, isFinal: false });
    const refunded: Payment = { ...payment, status: 'REFUNDED', refunded: eur(1_000) };
    for (const earlier of [payment, refunded]) {
      const later = observe(earlier, captured);
      expect(later).toMatchObject({ status: earlier.status, newFee: eur(59), newlyCaptured: eur(0), isFinal: true });
      expect(later.transactions).toContainEqual(expect.objectContaining({ type: 'FEE', amount: eur(59) }));
      expect(observe({ ...earlier, fee: eur(59) }, captured).newFee).toBeNull();
    }
  });

  it('that shows a charge without a fee has nothing to book, and is final', () => {
    const free = observe(newPayment('pay_1', eur(1_000)), anIntent({ ...captured, fee: eur(0) }));
    expect(free).toMatchObject({ newFee: eur(0), isFinal: true });
    expect(free.transactions.map(({ type }) => type)).not.toContain('FEE');
  });

  it('that shows a refusal keeps the words of the provider until a card is accepted', () => {
    const failed = after([anIntent({ failure: declined })]);
    expect(failed).toMatchObject({ status: 'FAILED', failure: { code: 'card_declined', message: declined.message } });
    expect(after([authorized], failed)).toMatchObject({ status: 'AUTHORIZED', failure: null });
  });

  it('that shows a released hold is a VOID of what was held; without a hold there is nothing to void', () => {
    const canceled = anIntent({ status: 'canceled' });
    expect(observe(after([authorized]), canceled).transactions).toMatchObject([{ type: 'VOID', amount: eur(1_000) }]);
    expect(observe(newPayment('pay_1', eur(1_000)), canceled)).toMatchObject({ status: 'VOIDED', transactions: [] });
  });

  it('that shows a declined payment given up leaves it FAILED', () => {
    const failed = after([anIntent({ failure: declined })]);
    expect(observe(failed, anIntent({ status: 'canceled' }))).toMatchObject({ status: 'FAILED', isFinal: true });
  });

  it('that shows another amount is refused', () => {
    const look = () => observe(newPayment('pay_1', eur(1_000)), anIntent({ amount: eur(999) }));
    expect(look).toThrow(IntentMismatchError);
  });
});

describe('looks in any order, any number of times', () => {
  const statuses: IntentStatus[] = [
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'processing',
    'requires_capture',
    'succeeded',
    'canceled',
  ];
  const looks = fc.array(
    fc.record({
      status: fc.constantFrom(...statuses),
      failed: fc.boolean(),
      received: fc.integer({ min: 1, max: 1_000 }),
    }),
    { maxLength: 12 },
  );

  it('never move a payment against its table, and never make or lose money', () => {
    fc.assert(
      fc.property(looks, (sequence) => {
        let payment = newPayment('pay_1', eur(1_000));
        let booked = 0;
        for (const { status, failed, received } of sequence) {
          const intent = anIntent({
            status,
            failure: failed ? declined : null,
            capturable: eur(status === 'requires_capture' ? 1_000 : 0),
            received: eur(status === 'succeeded' ? received : 0),
          });
          // The provider captures once: what it says was received does not change afterwards.
          if (isCaptured(payment.status)) intent.received = status === 'succeeded' ? payment.captured : eur(0);
          const seen = observe(payment, intent);
          expect(seen.status === payment.status || canMove(payment.status, seen.status)).toBe(true);
          booked += seen.newlyCaptured.amount;
          payment = { ...payment, ...seen };
          expect(booked).toBe(payment.captured.amount);
          expect(payment.amount.amount).toBeGreaterThanOrEqual(payment.authorized.amount);
          expect(payment.authorized.amount).toBeGreaterThanOrEqual(payment.captured.amount);
        }
      }),
      { numRuns: cases(2_000) },
    );
  });

  it('end captured once captured, whatever is seen afterwards', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statuses.filter((status) => status !== 'succeeded')), (status) => {
        expect(after([captured, anIntent({ status })]).status).toBe('CAPTURED');
      }),
    );
  });
});
