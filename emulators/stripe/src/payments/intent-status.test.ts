import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';

import { ApiError } from '../api-error.ts';
import { assertStatus, isAllowed } from './intent-status.ts';

const statuses = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'succeeded',
  'canceled',
] as const;

/** A row per action, a column per status above: y for allowed. */
const table = [
  ['update', 'yyy----'],
  ['confirm', 'yyy----'],
  ['authenticate', '--y----'],
  ['capture', '----y--'],
  ['cancel', 'yyyyy--'],
] as const;

const intentIn = (status: string) => ({ id: 'pi_1', status }) as unknown as Stripe.PaymentIntent;
const cases = table.flatMap(([action, row]) =>
  statuses.map((status, index) => ({ action, status, allowed: row[index] === 'y' })),
);

describe('what may be done with a payment', () => {
  it.each(cases)('$action in $status: $allowed', ({ action, status, allowed }) => {
    expect(isAllowed(intentIn(status), action)).toBe(allowed);
  });

  it.each(cases.filter(({ allowed }) => !allowed))('$action in $status is refused by name', ({ action, status }) => {
    const intent = intentIn(status);
    let thrown: unknown;
    try {
      assertStatus(intent, action);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(ApiError);
    expect((thrown as ApiError).status).toBe(400);
    expect((thrown as ApiError).body).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: intent,
    });
  });
});
