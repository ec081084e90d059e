import type Stripe from 'stripe';
import type { MethodSummary } from '../domain/payment.ts';
import type { MethodProvider } from './provider-methods.ts';

/** More cards than anybody keeps. */
const MAX_SAVED = 200;
const PAGE = 100;

export function stripeMethods(stripe: Stripe, answered: <T>(call: () => Promise<T>) => Promise<T>): MethodProvider {
  return {
    openCustomer: ({ userId, idempotencyKey }) =>
      answered(async () => (await stripe.customers.create({ metadata: { userId } }, { idempotencyKey })).id),
    keepMethodOf: (intentReference, customer) =>
      answered(async () => {
        await stripe.paymentIntents.update(intentReference, { customer, setup_future_usage: 'on_session' });
      }),
    listSavedMethods: (customerReference) =>
      answered(async () => {
        const listed = stripe.customers.listPaymentMethods(customerReference, { limit: PAGE });
        return (await listed.autoPagingToArray({ limit: MAX_SAVED })).flatMap(({ id, card }) =>
          card ? [{ reference: id, method: cardSummary(card) }] : [],
        );
      }),
    detachMethod: (reference) =>
      answered(async () => {
        await stripe.paymentMethods.detach(reference);
      }),
  };
}

/** What a charge was made with. */
export function methodOf(charge: Stripe.Charge | null): MethodSummary | null {
  const card = charge?.payment_method_details?.card;
  return card ? cardSummary(card) : null;
}

function cardSummary(card: {
  brand: string | null;
  last4: string | null;
  exp_month: number | null;
  exp_year: number | null;
}): MethodSummary {
  const { brand, last4, exp_month: month, exp_year: year } = card;
  return {
    kind: 'CARD',
    brand: brand ?? null,
    last4: last4 ?? null,
    expiry: month && year ? `${String(month).padStart(2, '0')}/${year}` : null,
  };
}
