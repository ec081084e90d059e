import { randomUUID } from 'node:crypto';
import * as operations from '@marketgraph/schema/generated/operations';
import { type DocumentNode, print } from 'graphql';
import { Pool } from 'undici';
import type { BuyerLoad, BuyerResult } from '../checkout/buyer-load.ts';
import { orderLoop } from '../checkout/order-loop.ts';
import { serveParent } from '../measure/serve-parent.ts';

/**
 * Buyers who order as fast as they are answered: add, address, delivery, start,
 * pay at the provider, complete. The operations are those of a client; whatever
 * is answered otherwise than with a confirmed order ends the benchmark.
 */
const texts = Object.fromEntries(
  Object.entries({
    add: operations.CartLinesAddDocument,
    address: operations.CartAddressSetDocument,
    delivery: operations.CartDeliverySelectDocument,
    start: operations.CheckoutStartDocument,
    complete: operations.CheckoutCompleteDocument,
  }).map(([step, document]) => [step, print(document as DocumentNode)]),
) as Record<Step, string>;

type Step = 'add' | 'address' | 'delivery' | 'start' | 'complete';

const ADDRESS = { line1: '7 Harbour Street', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' };

/** Each waits until the service gives up waiting, which is seconds. */
const MAX_TRIES = 20;

interface Cart {
  id: string;
  vendorGroups: { vendor: { id: string }; deliveryOptions: { id: string }[] }[];
  total: { amount: number; currencyCode: string };
}

async function load({ url, stripe, ...loop }: BuyerLoad): Promise<BuyerResult> {
  const connections = loop.tokens.length;
  const graph = new Pool(url, { connections, pipelining: 1 });
  const provider = new Pool(stripe.apiUrl, { connections, pipelining: 1 });
  let askedAgain = 0;

  const ask = async <Data>(token: string, step: Step, variables: object): Promise<Data | undefined> => {
    const { body } = await graph.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: texts[step], variables }),
    });
    const text = await body.text();
    const { data, errors } = JSON.parse(text) as {
      data?: Record<string, { userErrors: { code: string }[] }>;
      errors?: unknown;
    };
    const [answer] = Object.values(data ?? {});
    if (answer?.userErrors.some(({ code }) => code === 'SERVICE_UNAVAILABLE')) return undefined;
    if (errors || !answer || answer.userErrors.length > 0) throw new Error(`${step}: ${text.slice(0, 500)}`);
    return answer as Data;
  };

  /** A checkout that could not be answered in time goes on without its client, who asks again with the same key. */
  const insist = async <Data>(
    token: string,
    step: Step,
    variables: object,
    isDone: (answer: Data) => boolean = () => true,
  ): Promise<Data> => {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const answer = await ask<Data>(token, step, variables);
      if (answer && isDone(answer)) return answer;
      askedAgain += 1;
    }
    throw new Error(`${step}: not done after ${MAX_TRIES} tries`);
  };

  const order = async (token: string, offerId: string): Promise<void> => {
    const { cart } = await insist<{ cart: Cart }>(token, 'add', { input: { lines: [{ offerId, quantity: 1 }] } });
    const cartId = cart.id;
    const addressed = await insist<{ cart: Cart }>(token, 'address', {
      input: { cartId, shipping: ADDRESS, billing: ADDRESS },
    });
    const [group] = addressed.cart.vendorGroups;
    const delivered = await insist<{ cart: Cart }>(token, 'delivery', {
      input: { cartId, vendorId: group!.vendor.id, deliveryOptionId: group!.deliveryOptions[0]!.id },
    });
    const { paymentId, paymentClientSecret } = await insist<{ paymentId: string; paymentClientSecret: string }>(
      ...([token, 'start', { cartId, idempotencyKey: randomUUID() }] as const),
    );
    await pay(paymentClientSecret);
    await insist<{ order: { status: string } }>(
      token,
      'complete',
      { input: { cartId, paymentId, expectedTotal: delivered.cart.total }, idempotencyKey: randomUUID() },
      ({ order: { status } }) => status === 'CONFIRMED',
    );
  };

  /** As Stripe.js does in a browser. */
  const pay = async (clientSecret: string): Promise<void> => {
    const { statusCode, body } = await provider.request({
      method: 'POST',
      path: `/v1/payment_intents/${clientSecret.split('_secret_', 1)[0]}/confirm`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Bearer ${stripe.publishableKey}`,
      },
      body: new URLSearchParams({
        ...{ client_secret: clientSecret, payment_method: 'pm_card_visa', return_url: 'https://shop.example/return' },
      }).toString(),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`pay: ${statusCode} ${text.slice(0, 500)}`);
  };

  try {
    const result = await orderLoop(loop, order);
    return { ...result, askedAgain };
  } finally {
    await Promise.all([graph.close(), provider.close()]);
  }
}

serveParent({ facts: {}, answer: load as (question: never) => Promise<BuyerResult> });
