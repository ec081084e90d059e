import { startStripeEmulator } from '@marketgraph/emulator-stripe';
import { money } from '@marketgraph/platform/core';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeProvider } from '../src/clients/fake-provider.ts';
import {
  type IntentRequest,
  type PaymentProvider,
  ProviderRefusedError,
  ProviderUnavailableError,
} from '../src/clients/provider.ts';
import { stripeProvider } from '../src/clients/stripe-provider.ts';
import { ids } from './marketplace.ts';

interface Subject {
  provider: PaymentProvider;
  /** The buyer's client confirms: `accepted` or `declined`. */
  confirm(reference: string, clientSecret: string, card: 'accepted' | 'declined'): Promise<void>;
  stop(): Promise<void>;
}

const SECRET_KEY = 'sk_test_contract';

const subjects: Record<string, () => Promise<Subject>> = {
  async 'the official SDK against the emulator'() {
    const emulator = await startStripeEmulator({ secretKeys: [SECRET_KEY], settings: { searchLagMs: 0 } });
    const provider = stripeProvider({
      secretKey: SECRET_KEY,
      webhookSecrets: [],
      apiUrl: emulator.url,
      timeoutMs: 2_000,
    });
    const { host, port } = emulator;
    const browser = new Stripe('pk_test_contract', { host, port, protocol: 'http' });
    return {
      provider,
      async confirm(reference, clientSecret, card) {
        const payment_method = card === 'accepted' ? 'pm_card_visa' : 'pm_card_chargeDeclined';
        const params = { payment_method, ...{ client_secret: clientSecret } };
        await browser.paymentIntents.confirm(reference, params).catch((error: Error) => {
          if (card === 'accepted') throw error;
        });
      },
      stop: () => emulator.stop(),
    };
  },
  async 'the fake'() {
    const provider = fakeProvider();
    const declined = { code: 'generic_decline', message: 'Your card was declined.' };
    return {
      provider,
      confirm: async (reference, _, card) =>
        provider.confirm(reference, card === 'accepted' ? undefined : { declined }),
      stop: async () => {},
    };
  },
};

const eur = (amount: number) => money(amount, 'EUR');

function aRequest(overrides: Partial<IntentRequest> = {}): IntentRequest {
  const paymentId = ids.next('pay');
  return {
    paymentId,
    orderId: ids.next('ord'),
    amount: eur(5_000),
    description: 'An order',
    idempotencyKey: `intent:${paymentId}:1`,
    ...overrides,
  };
}

describe.each(Object.entries(subjects))('a payment provider: %s', (_, start) => {
  let subject: Subject;
  let provider: PaymentProvider;
  beforeAll(async () => {
    subject = await start();
    ({ provider } = subject);
  });
  afterAll(async () => {
    await subject?.stop();
  });

  it('makes an intent that waits for the buyer, once per key, and finds it by our id', async () => {
    const request = aRequest();
    const [made, again] = [await provider.createIntent(request), await provider.createIntent(request)];
    expect(made).toMatchObject({
      paymentId: request.paymentId,
      intent: {
        status: 'requires_payment_method',
        amount: eur(5_000),
        capturable: eur(0),
        received: eur(0),
        failure: null,
      },
    });
    expect(made.clientSecret).toContain('_secret_');
    expect(again.intent.reference).toBe(made.intent.reference);
    expect((await provider.findIntent(request.paymentId))?.intent.reference).toBe(made.intent.reference);
    expect(await provider.findIntent(ids.next('pay'))).toBeNull();
  });

  it('holds the money once the buyer has confirmed, takes it once, and says no to the second time', async () => {
    const { intent, clientSecret } = await provider.createIntent(aRequest());
    await subject.confirm(intent.reference, clientSecret!, 'accepted');
    const { intent: held } = await provider.retrieveIntent(intent.reference);
    expect(held).toMatchObject({
      status: 'requires_capture',
      capturable: eur(5_000),
      method: { brand: 'visa', last4: '4242' },
    });
    const key = ids.next('key');
    const taken = await provider.captureIntent(intent.reference, eur(5_000), key);
    expect(taken).toMatchObject({ status: 'succeeded', received: eur(5_000), capturable: eur(0) });
    expect(await provider.captureIntent(intent.reference, eur(5_000), key)).toMatchObject({ received: eur(5_000) });
    await expect(provider.cancelIntent(intent.reference, ids.next('key'))).rejects.toMatchObject({ reason: 'state' });
  });

  it('takes a part; the rest is not held any more', async () => {
    const { intent, clientSecret } = await provider.createIntent(aRequest());
    await subject.confirm(intent.reference, clientSecret!, 'accepted');
    await expect(provider.captureIntent(intent.reference, eur(5_001), ids.next('key'))).rejects.toThrow(
      ProviderRefusedError,
    );
    expect(await provider.captureIntent(intent.reference, eur(2_000), ids.next('key'))).toMatchObject({
      status: 'succeeded',
      received: eur(2_000),
      capturable: eur(0),
    });
  });

  it('tells why a card was declined, and accepts another', async () => {
    const { intent, clientSecret } = await provider.createIntent(aRequest());
    await subject.confirm(intent.reference, clientSecret!, 'declined');
    expect((await provider.retrieveIntent(intent.reference)).intent).toMatchObject({
      status: 'requires_payment_method',
      failure: {
        code: 'generic_decline',
        message: 'Your card was declined.',
        chargeReference: expect.stringMatching(/^ch_/),
      },
    });
    await subject.confirm(intent.reference, clientSecret!, 'accepted');
    expect((await provider.retrieveIntent(intent.reference)).intent).toMatchObject({
      status: 'requires_capture',
      failure: null,
    });
  });

  it('releases a hold; what was never confirmed can be given up too, and not captured', async () => {
    for (const confirmed of [true, false]) {
      const { intent, clientSecret } = await provider.createIntent(aRequest());
      if (confirmed) await subject.confirm(intent.reference, clientSecret!, 'accepted');
      const canceled = await provider.cancelIntent(intent.reference, ids.next('key'));
      expect(canceled).toMatchObject({ status: 'canceled', capturable: eur(0) });
      await expect(provider.captureIntent(intent.reference, eur(5_000), ids.next('key'))).rejects.toMatchObject({
        reason: 'state',
      });
    }
  });

  it('says no about what it does not know', async () => {
    await expect(provider.retrieveIntent('pi_unknown')).rejects.toMatchObject({ reason: 'missing' });
  });

  it('keeps the card of a payment for a customer who wants it, lists it, and forgets it once', async () => {
    const customer = await provider.openCustomer({ userId: ids.next('usr'), idempotencyKey: ids.next('key') });
    expect(await provider.listSavedMethods(customer)).toEqual([]);
    const { intent, clientSecret } = await provider.createIntent(aRequest());
    await provider.keepMethodOf(intent.reference, customer);
    await subject.confirm(intent.reference, clientSecret!, 'accepted');
    await expect(provider.keepMethodOf(intent.reference, customer)).rejects.toMatchObject({ reason: 'state' });
    const [saved] = await provider.listSavedMethods(customer);
    expect(saved!.method).toMatchObject({ kind: 'CARD', brand: 'visa', last4: '4242' });
    await provider.detachMethod(saved!.reference);
    expect(await provider.listSavedMethods(customer)).toEqual([]);
    await expect(provider.detachMethod(saved!.reference)).rejects.toThrow(ProviderRefusedError);
    expect(await provider.captureIntent(intent.reference, eur(5_000), ids.next('key'))).toMatchObject({
      status: 'succeeded',
    });
  });

  it('opens an account per key, which cannot be paid before the vendor has filled in the forms', async () => {
    const idempotencyKey = ids.next('key');
    const account = await provider.openAccount({ vendorId: ids.next('ven'), idempotencyKey });
    expect(account).toMatchObject({ isPayable: false, detailsSubmitted: false });
    expect(account.currentlyDue).not.toEqual([]);
    expect(await provider.retrieveAccount(account.reference)).toEqual(account);
  });
});

describe('the official SDK when nobody answers', () => {
  it('an unreachable address, a hanging one, a 500, too many requests and a refused key are "unavailable", in bounded time', async () => {
    const emulator = await startStripeEmulator({ secretKeys: [SECRET_KEY] });
    const at = (apiUrl: string, secretKey = SECRET_KEY) =>
      stripeProvider({ secretKey, webhookSecrets: [], apiUrl, timeoutMs: 200 });
    try {
      await expect(at('http://127.0.0.1:9').retrieveIntent('pi_1')).rejects.toThrow(ProviderUnavailableError);
      emulator.control.addFault({ kind: 'delayBefore', ms: 30_000, times: 10 });
      await expect(at(emulator.url).createIntent(aRequest())).rejects.toThrow(ProviderUnavailableError);
      emulator.control.clearFaults();
      emulator.control.addFault({ kind: 'error500BeforeEffect', times: 10 });
      await expect(at(emulator.url).createIntent(aRequest())).rejects.toThrow(ProviderUnavailableError);
      emulator.control.clearFaults();
      emulator.control.addFault({ kind: 'rateLimit429', times: 10 });
      await expect(at(emulator.url).createIntent(aRequest())).rejects.toThrow(ProviderUnavailableError);
      emulator.control.clearFaults();
      await expect(at(emulator.url, 'sk_test_wrong').createIntent(aRequest())).rejects.toThrow(
        ProviderUnavailableError,
      );
    } finally {
      await emulator.stop();
    }
  });
});
