import { isSameMoney, type Money, money, zero } from '@marketgraph/platform/core';
import type { Failure, MethodSummary } from '../domain/payment.ts';
import type { Intent } from '../domain/intent.ts';
import type { ProviderAccount } from '../domain/payout-account.ts';
import { fakeMethods } from './fake-methods.ts';
import { fakeMoney, type MoneyOperation } from './fake-money.ts';
import {
  InvalidSignatureError,
  type OwnIntent,
  type PaymentProvider,
  ProviderRefusedError,
  ProviderUnavailableError,
} from './provider.ts';

type Operation =
  | 'createIntent'
  | 'findIntent'
  | 'retrieveIntent'
  | 'captureIntent'
  | 'cancelIntent'
  | 'openAccount'
  | MoneyOperation;

/** The provider in memory, for tests that need to break it at an exact point. Passes the same contract as the real one. */
export interface FakeProvider extends PaymentProvider {
  /** The buyer confirms: with a card that is accepted, or one that is not. */
  confirm(reference: string, outcome?: { declined: Failure }): void;
  /** The next call of this kind loses its answer, after or before it had its effect. */
  breakNext(operation: Operation, when: 'before' | 'after', times?: number): void;
  intents(): readonly OwnIntent[];
  accounts(): readonly ProviderAccount[];
}

const VISA: MethodSummary = { kind: 'CARD', brand: 'visa', last4: '4242', expiry: '12/2030' };

export function fakeProvider(): FakeProvider {
  const intents = new Map<string, OwnIntent>();
  const accounts = new Map<string, ProviderAccount>();
  const replies = new Map<string, string>();
  const breaks: { operation: Operation; when: 'before' | 'after' }[] = [];
  let count = 0;

  const run = async <T>(operation: Operation, effect: () => T): Promise<T> => {
    const at = breaks.findIndex((planned) => planned.operation === operation);
    const planned = at < 0 ? undefined : breaks.splice(at, 1)[0];
    if (planned?.when === 'before') throw new ProviderUnavailableError();
    const result = effect();
    if (planned) throw new ProviderUnavailableError();
    return structuredClone(result);
  };
  const own = (reference: string): OwnIntent => {
    const found = intents.get(reference);
    if (!found) throw new ProviderRefusedError('missing', 'resource_missing', `No such payment_intent: '${reference}'`);
    return found;
  };
  const move = (reference: string, from: readonly Intent['status'][], change: Partial<Intent>): Intent => {
    const { intent } = own(reference);
    if (!from.includes(intent.status)) {
      const message = `The intent has a status of ${intent.status}.`;
      throw new ProviderRefusedError('state', 'payment_intent_unexpected_state', message);
    }
    return Object.assign(intent, change);
  };
  const once = <T>(key: string, known: Map<string, T>, make: () => [string, T]): T => {
    const reference = replies.get(key);
    if (reference) return known.get(reference)!;
    const [id, made] = make();
    replies.set(key, id);
    known.set(id, made);
    return made;
  };

  const { onConfirmed, ...methods } = fakeMethods({
    intent: (reference) => own(reference).intent,
    nextReference: (prefix) => `${prefix}_${(count += 1)}`,
  });

  return {
    isLive: false,
    createIntent: ({ paymentId, amount, idempotencyKey }) =>
      run('createIntent', () =>
        once(idempotencyKey, intents, () => {
          const reference = `pi_${(count += 1)}`;
          return [
            reference,
            { intent: newIntent(reference, amount), clientSecret: `${reference}_secret_x`, paymentId },
          ];
        }),
      ),
    findIntent: (paymentId) =>
      run('findIntent', () => [...intents.values()].find((intent) => intent.paymentId === paymentId) ?? null),
    retrieveIntent: (reference) => run('retrieveIntent', () => own(reference)),
    captureIntent: (reference, amount) =>
      run('captureIntent', () => {
        const { intent } = own(reference);
        if (intent.status === 'succeeded' && isSameMoney(intent.received, amount)) return intent;
        if (amount.amount > intent.capturable.amount && intent.status === 'requires_capture') {
          throw new ProviderRefusedError('state', 'amount_too_large', 'More than is held.');
        }
        return move(reference, ['requires_capture'], {
          status: 'succeeded',
          received: amount,
          capturable: zero(amount.currencyCode),
          fee: feeFor(amount),
        });
      }),
    cancelIntent: (reference) =>
      run('cancelIntent', () => {
        const { intent } = own(reference);
        return move(reference, ['requires_payment_method', 'requires_action', 'requires_capture', 'canceled'], {
          status: 'canceled',
          capturable: zero(intent.amount.currencyCode),
        });
      }),
    openAccount: ({ idempotencyKey }) =>
      run('openAccount', () =>
        once(idempotencyKey, accounts, () => {
          const reference = `acct_${(count += 1)}`;
          const currentlyDue = ['external_account'];
          return [
            reference,
            { reference, isPayable: false, disabledReason: null, currentlyDue, detailsSubmitted: false },
          ];
        }),
      ),
    retrieveAccount: async (reference) => {
      const found = accounts.get(reference);
      if (!found) throw new ProviderRefusedError('missing', 'resource_missing', 'No such account.');
      return structuredClone(found);
    },
    async onboardingLink({ accountReference }) {
      if (!accounts.has(accountReference)) {
        throw new ProviderRefusedError('missing', 'resource_missing', 'No such account.');
      }
      return `https://provider.example/onboarding/${accountReference}/${(count += 1)}`;
    },
    ...fakeMoney({
      run,
      intent: (reference) => own(reference).intent,
      nextReference: (prefix) => `${prefix}_${(count += 1)}`,
    }),
    ...methods,
    readEvent() {
      throw new InvalidSignatureError('The fake signs nothing.');
    },
    confirm(reference, outcome) {
      const { intent } = own(reference);
      const chargeReference = `ch_${(count += 1)}`;
      const change: Partial<Intent> = outcome
        ? { status: 'requires_payment_method', failure: { ...outcome.declined, chargeReference }, chargeReference }
        : { status: 'requires_capture', capturable: intent.amount, chargeReference, method: VISA, failure: null };
      move(reference, ['requires_payment_method', 'requires_action'], change);
      if (!outcome) onConfirmed(reference, VISA);
    },
    breakNext(operation, when, times = 1) {
      for (let time = 0; time < times; time += 1) breaks.push({ operation, when });
    },
    intents: () => [...intents.values()],
    accounts: () => [...accounts.values()],
  };
}

function newIntent(reference: string, amount: Money): Intent {
  const none = zero(amount.currencyCode);
  return {
    reference,
    status: 'requires_payment_method',
    amount,
    capturable: none,
    received: none,
    chargeReference: null,
    method: null,
    failure: null,
    fee: null,
  };
}

/** Told with the capture. */
function feeFor({ amount, currencyCode }: Money): Money {
  return money(Math.min(amount, Math.round(amount * 0.029) + 30), currencyCode);
}
