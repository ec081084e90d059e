import type Stripe from 'stripe';

import { invalidRequest } from '../api-error.ts';

type Status = Stripe.PaymentIntent.Status;
type Action = 'authenticate' | 'cancel' | 'capture' | 'confirm' | 'update';

/** What may be done in which state: the whole state machine of a payment. */
const allowed: Record<Action, readonly Status[]> = {
  update: ['requires_payment_method', 'requires_confirmation', 'requires_action'],
  confirm: ['requires_payment_method', 'requires_confirmation', 'requires_action'],
  authenticate: ['requires_action'],
  capture: ['requires_capture'],
  cancel: ['requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action', 'processing'],
};

export function isAllowed(intent: Stripe.PaymentIntent, action: Action): boolean {
  return allowed[action].includes(intent.status);
}

export function assertStatus(intent: Stripe.PaymentIntent, action: Action): void {
  if (isAllowed(intent, action)) return;
  throw invalidRequest(messageFor(intent, action), {
    code: 'payment_intent_unexpected_state',
    payment_intent: intent,
  });
}

function messageFor({ status }: Stripe.PaymentIntent, action: Action): string {
  const statuses = allowed[action].join(', ');
  switch (action) {
    case 'update':
      return `This PaymentIntent could not be updated because it has a status of ${status}. You may only update a PaymentIntent with one of the following statuses: ${statuses}.`;
    case 'confirm':
      if (status === 'succeeded') {
        return 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.';
      }
      return `This PaymentIntent could not be confirmed because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be confirmed: ${statuses}.`;
    case 'authenticate':
      return `This PaymentIntent waits for no authentication because it has a status of ${status}.`;
    case 'capture':
      if (status === 'succeeded') {
        return 'This PaymentIntent could not be captured because it has already been captured.';
      }
      return `This PaymentIntent could not be captured because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be captured: ${statuses}.`;
    case 'cancel':
      return `You cannot cancel this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be canceled: ${statuses}.`;
  }
}
