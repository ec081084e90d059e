import type { MethodSummary } from '../domain/payment.ts';
import type { Intent } from '../domain/intent.ts';
import { ProviderRefusedError } from './provider.ts';
import type { MethodProvider, SavedMethod } from './provider-methods.ts';

interface Options {
  intent(reference: string): Intent;
  nextReference(prefix: string): string;
}

/** The part of the fake that keeps cards. `onConfirmed` is the buyer's confirmation, which is when they are kept. */
export function fakeMethods({ intent, nextReference }: Options): MethodProvider & {
  onConfirmed(intentReference: string, method: MethodSummary): void;
} {
  const customers = new Map<string, SavedMethod[]>();
  const replies = new Map<string, string>();
  const wishes = new Map<string, string>();

  const savedOf = (customer: string): SavedMethod[] => {
    const found = customers.get(customer);
    if (!found) throw new ProviderRefusedError('missing', 'resource_missing', `No such customer: '${customer}'`);
    return found;
  };
  return {
    async offerMethod(reference, kind) {
      if (intent(reference).status !== 'requires_payment_method') {
        throw new ProviderRefusedError('state', 'payment_intent_unexpected_state', 'It is confirmed already.');
      }
      if (kind === 'UPI' && intent(reference).amount.currencyCode !== 'INR') {
        throw new ProviderRefusedError('invalid', 'invalid_request', 'Not offered in this currency.');
      }
    },
    async openCustomer({ idempotencyKey }) {
      const known = replies.get(idempotencyKey);
      if (known) return known;
      const reference = nextReference('cus');
      customers.set(reference, []);
      replies.set(idempotencyKey, reference);
      return reference;
    },
    async keepMethodOf(reference, customer) {
      savedOf(customer);
      if (intent(reference).status !== 'requires_payment_method') {
        throw new ProviderRefusedError('state', 'payment_intent_unexpected_state', 'It is confirmed already.');
      }
      wishes.set(reference, customer);
    },
    listSavedMethods: async (customer) => structuredClone(savedOf(customer)),
    async detachMethod(reference) {
      for (const [customer, saved] of customers) {
        const left = saved.filter((one) => one.reference !== reference);
        if (left.length === saved.length) continue;
        customers.set(customer, left);
        return;
      }
      throw new ProviderRefusedError('invalid', 'invalid_request', 'It is attached to nobody.');
    },
    onConfirmed(reference, method) {
      const customer = wishes.get(reference);
      if (customer) savedOf(customer).push({ reference: nextReference('pm'), method });
    },
  };
}
