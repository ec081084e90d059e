import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { OrderLoopResult } from '../src/checkout/order-loop.ts';
import { startChild } from '../src/measure/child.ts';
import { holdVendureSale } from '../src/vendure/vendure-sale.ts';

/**
 * Vendure itself is installed by whoever measures, so here a server of a few
 * lines answers as its shop API does: what is held to is that the buyers tell
 * an order from "sold out" and from everything else.
 */
interface Answer {
  state?: string;
  errorCode?: string;
  message?: string;
  transitionError?: string;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

type Step = 'Add' | 'Address' | 'Shipping' | 'Start' | 'Pay';

/** A shop whose answers are its caller's, and which knows who asked for what. */
async function serve(answer: (step: Step, token: string) => Answer | 'broken') {
  const asked: { step: Step; token: string; variables: object }[] = [];
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const { query, variables } = JSON.parse(text) as { query: string; variables: object };
      const step = /mutation (\w+)/.exec(query)![1] as Step;
      const token = (request.headers.authorization ?? '').replace('Bearer ', '');
      asked.push({ step, token, variables });
      const given = answer(step, token);
      const body =
        given === 'broken' ? { errors: [{ message: 'no connection' }], data: null } : { data: { answer: given } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop-api`;
  return { url, asked, shop: { shopApi: url, methods: { shippingMethodId: '1', paymentMethod: 'card' } } };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return text;
}

const accepted = (step: Step): Answer => ({ state: step === 'Pay' ? 'PaymentSettled' : 'AddingItems' });
const NO_STOCK = { errorCode: 'INSUFFICIENT_STOCK_ERROR', message: 'Only 0 items were added' };
const REFUSED = {
  ...{ errorCode: 'ORDER_STATE_TRANSITION_ERROR', message: 'Cannot transition Order from "AddingItems"' },
  transitionError: 'Cannot transition Order to the "ArrangingPayment" state due to insufficient stock of Thing 1',
};

describe('buyers of another marketplace', () => {
  it('order in its steps as fast as they are answered, each with their own token', async () => {
    const { url, asked, shop } = await serve(accepted);
    const buyers = await startChild({ name: 'buyers', file: 'vendure-buyers', build: 'sources' });
    stops.push(() => buyers.stop());
    const result = await buyers.ask<OrderLoopResult>({
      ...{ url, methods: shop.methods, tokens: ['ann', 'ben'], offerIds: ['7', '8'], durationMs: 60_000, maxOrders: 4 },
    });
    expect(result.orders).toBe(4);
    expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms);
    const ofAnn = asked.filter(({ token }) => token === 'ann');
    expect(ofAnn.slice(0, 5).map(({ step }) => step)).toEqual(['Add', 'Address', 'Shipping', 'Start', 'Pay']);
    expect(ofAnn[0]!.variables).toEqual({ variantId: '7' });
    expect(asked).toHaveLength(20);
  });

  it('take no order that is not paid for one', async () => {
    const { url, shop } = await serve((step) => (step === 'Pay' ? { state: 'PaymentAuthorized' } : accepted(step)));
    const buyers = await startChild({ name: 'buyers', file: 'vendure-buyers', build: 'sources' });
    stops.push(() => buyers.stop());
    await expect(
      buyers.ask({
        ...{ url, methods: shop.methods, tokens: ['ann'], offerIds: ['7'], durationMs: 60_000, maxOrders: 1 },
      }),
    ).rejects.toThrow('pay: {"state":"PaymentAuthorized"}');
  });
});

describe('a sale of another marketplace', () => {
  const tokens = ['ann', 'ben', 'eve', 'joe'];

  it('tells who has bought, who was told "sold out" at whichever step, and who something else', async () => {
    const { shop } = await serve((step, token) => {
      if (step === 'Add' && token === 'ben') return NO_STOCK;
      if (step === 'Start' && token === 'eve') return REFUSED;
      return step === 'Pay' && token === 'joe' ? 'broken' : accepted(step);
    });
    const result = await holdVendureSale({ shop, variantId: '7', tokens, inFlight: 4, mode: 'cold' });
    expect(result).toMatchObject({ confirmed: 1, soldOut: 2 });
    expect(result.soldOutAfterMs).toHaveLength(2);
    expect(result.surprises).toEqual([expect.stringContaining('no connection')]);
  });

  it('takes no other refusal for "sold out"', async () => {
    const { shop } = await serve((step) =>
      step === 'Start'
        ? { ...REFUSED, transitionError: 'Cannot transition without a shipping method' }
        : accepted(step),
    );
    const result = await holdVendureSale({ shop, variantId: '7', tokens, inFlight: 2, mode: 'cold' });
    expect(result).toMatchObject({ confirmed: 0, soldOut: 0 });
    expect(result.surprises).toHaveLength(4);
  });

  it('begins with full carts when it is prepared, and not at all when one cannot be filled', async () => {
    const { shop, asked } = await serve(accepted);
    const result = await holdVendureSale({ shop, variantId: '7', tokens, inFlight: 4, mode: 'prepared' });
    expect(result.confirmed).toBe(4);
    const firstStart = asked.findIndex(({ step }) => step === 'Start');
    expect(asked.slice(firstStart).map(({ step }) => step)).not.toContain('Shipping');
    const empty = await serve((step) => (step === 'Add' ? NO_STOCK : accepted(step)));
    await expect(
      holdVendureSale({ shop: empty.shop, variantId: '7', tokens, inFlight: 4, mode: 'prepared' }),
    ).rejects.toThrow('Sold out before the sale began');
  });
});
