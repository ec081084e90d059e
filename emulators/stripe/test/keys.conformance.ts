import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';

import { startStripeEmulator } from '../src/emulator.ts';
import { cardPayment, conformance, ownEmulator, refusal, sdkFor } from './support/subject.ts';

/** Stripe.js sends the client secret with a confirmation; the server SDK's types leave it out. */
type BuyerConfirmation = Stripe.PaymentIntentConfirmParams & { client_secret: string };

conformance('Keys', (subject) => {
  it('lets a buyer confirm with the publishable key and the client secret, and shows the buyer its own payment only', async (context) => {
    if (!subject.buyer) return context.skip('there is no publishable key for this subject');
    const intent = await subject.stripe.paymentIntents.create(cardPayment({ metadata: { secret: 'of the shop' } }));
    const confirmation: BuyerConfirmation = { client_secret: intent.client_secret!, payment_method: 'pm_card_visa' };
    const confirmed = await subject.buyer.paymentIntents.confirm(intent.id, confirmation);

    expect(confirmed).toMatchObject({ id: intent.id, status: 'succeeded' });
    expect(confirmed).not.toHaveProperty('metadata');
    expect(confirmed).not.toHaveProperty('latest_charge');
    const seen = await subject.buyer.paymentIntents.retrieve(intent.id, { client_secret: intent.client_secret! });
    expect(seen).toMatchObject({ id: intent.id, amount: 2_000 });
    expect(seen).not.toHaveProperty('metadata');
    expect((await subject.stripe.paymentIntents.retrieve(intent.id)).amount_received).toBe(2_000);
  });

  it('refuses a publishable key where a secret key is needed', async (context) => {
    if (!subject.buyer) return context.skip('there is no publishable key for this subject');
    const error = await refusal(subject.buyer.paymentIntents.create(cardPayment()));

    expect(error).toMatchObject({ statusCode: 403, code: 'secret_key_required' });
  });
});

describe('Keys and requests of another kind', () => {
  const own = ownEmulator({ secretKeys: ['sk_test_mine'] });
  const sdk = (key: string) => sdkFor(own.emulator, key);
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${own.emulator.url}${path}`, {
      ...init,
      headers: { authorization: 'Bearer sk_test_mine', ...init.headers },
    });

  it('accepts the key it was started with', async () => {
    expect((await sdk('sk_test_mine').balance.retrieve()).object).toBe('balance');
  });

  it.each(['sk_test_other', 'sk_live_51Abc', 'pk_live_51Abc', 'rk_test_1', 'nonsense'])(
    'refuses the key %s',
    async (key) => {
      const error = await refusal(sdk(key).balance.retrieve());

      expect(error).toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 });
      expect(error.message).toContain('Invalid API Key provided');
      expect(error.message).not.toContain('51Abc');
    },
  );

  it('refuses a request without a key', async () => {
    const response = await fetch(`${own.emulator.url}/v1/balance`);

    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.stringContaining('did not provide an API key') },
    });
  });

  it('does not start with a live key', async () => {
    await expect(startStripeEmulator({ secretKeys: ['sk_live_51Abc'] })).rejects.toThrow('sk_test_');
  });

  it('accepts the key as the user name of basic authentication, as curl sends it', async () => {
    const authorization = `Basic ${Buffer.from('sk_test_mine:').toString('base64')}`;
    const response = await call('/v1/balance', { headers: { authorization } });

    expect(response.status).toBe(200);
  });

  it.each([
    ['no client secret', {}, 'parameter_missing'],
    ['the client secret of another payment', { client_secret: 'pi_x_secret_y' }, 'payment_intent_invalid_parameter'],
  ])('lets nobody confirm with a publishable key and %s', async (_what, secret, code) => {
    const stripe = sdk('sk_test_mine');
    const intent = await stripe.paymentIntents.create(cardPayment());
    const error = await refusal(
      sdk('pk_test_buyer').paymentIntents.confirm(intent.id, {
        ...secret,
        payment_method: 'pm_card_visa',
      } as Stripe.PaymentIntentConfirmParams),
    );

    expect(error).toMatchObject({ statusCode: 400, code });
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('requires_payment_method');
  });

  it('leaves to the shop what the shop decides', async () => {
    const intent = await sdk('sk_test_mine').paymentIntents.create(cardPayment());
    const error = await refusal(
      sdk('pk_test_buyer').paymentIntents.confirm(intent.id, {
        client_secret: intent.client_secret!,
        payment_method: 'pm_card_visa',
        capture_method: 'manual',
      } as BuyerConfirmation),
    );

    expect(error).toMatchObject({ statusCode: 400, param: 'capture_method' });
  });

  it('tells a declined buyer why, and nothing of what the shop wrote', async () => {
    const intent = await sdk('sk_test_mine').paymentIntents.create(cardPayment({ metadata: { margin: '40%' } }));
    const error = await refusal(
      sdk('pk_test_buyer').paymentIntents.confirm(intent.id, {
        client_secret: intent.client_secret!,
        payment_method: 'pm_card_chargeDeclined',
      } as BuyerConfirmation),
    );

    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
    expect(error.payment_intent).toMatchObject({ id: intent.id, status: 'requires_payment_method' });
    expect(JSON.stringify(error.raw)).not.toContain('40%');
  });

  it('answers a browser on another origin', async () => {
    const preflight = await fetch(`${own.emulator.url}/v1/payment_intents/pi_1/confirm`, {
      method: 'OPTIONS',
      headers: { origin: 'http://shop.example', 'access-control-request-method': 'POST' },
    });
    const answer = await call('/v1/balance', { headers: { origin: 'http://shop.example' } });

    expect(preflight.status).toBe(200);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it.each([
    ['GET', '/v1/nothing'],
    ['GET', '/v1/payment_intents/'],
    ['POST', '/v1/checkout/sessions'],
    ['DELETE', '/v1/payment_intents/pi_1'],
    ['PUT', '/v1/customers'],
    ['GET', '/v2/core/accounts'],
    ['GET', '/'],
  ])('answers %s %s with an error the SDK cannot take for success', async (method, path) => {
    const response = await call(path, { method });

    expect(response.status).toBe(404);
    expect(response.headers.get('request-id')).toMatch(/^req_/);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.stringContaining('Unrecognized request URL') },
    });
  });

  it('refuses another API version than the one whose shapes it answers', async () => {
    const response = await call('/v1/balance', { headers: { 'stripe-version': '2020-08-27' } });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('2020-08-27') } });
  });

  it('refuses an account it does not know', async () => {
    const error = await refusal(
      own.stripe.balance.retrieve({}, { apiKey: 'sk_test_mine', stripeAccount: 'acct_none' }),
    );

    expect(error).toMatchObject({ type: 'StripePermissionError', statusCode: 403, code: 'account_invalid' });
  });

  it.each([
    ['a JSON body', { body: '{"amount":1}', headers: { 'content-type': 'application/json' } }],
    ['a name that nests too deep', { body: new URLSearchParams({ 'a[b][c][d][e][f][g]': '1' }) }],
    ['a name with a broken bracket', { body: new URLSearchParams({ 'a[b': '1' }) }],
    ['a name that is no name', { body: new URLSearchParams({ 'metadata[__proto__]': '1' }) }],
    [
      'a value that is also a hash',
      {
        body: new URLSearchParams([
          ['metadata', '1'],
          ['metadata[a]', '1'],
        ]),
      },
    ],
    [
      'too many parameters',
      { body: new URLSearchParams(Array.from({ length: 1_001 }, (_, n): [string, string] => [`metadata[${n}]`, '1'])) },
    ],
  ])('refuses %s', async (_what, init) => {
    const response = await call('/v1/customers', { method: 'POST', ...init });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('refuses a body of more than a megabyte', async () => {
    const response = await call('/v1/customers', {
      method: 'POST',
      body: new URLSearchParams({ description: 'x'.repeat(1_100_000) }),
    });

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('says what it is', async () => {
    const response = await fetch(`${own.emulator.url}/health`);

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ok', emulator: true });
  });
});
