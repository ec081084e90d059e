import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import Stripe from 'stripe';

export interface Received {
  body: string;
  signature: string;
  event: Stripe.Event;
  atMs: number;
}

export interface Endpoint {
  url: string;
  secret: string;
  received: Received[];
  /** Events seen so far, by type, in the order of arrival. */
  types(): string[];
  of(type: string): Stripe.Event[];
  /** What to answer from now on. */
  answer: number;
  close(): Promise<void>;
}

const verifier = new Stripe('sk_test_verifier');

/** A webhook endpoint as the product has one: it takes in nothing whose signature the official SDK does not accept. */
export async function startEndpoint(): Promise<Endpoint> {
  const secret = 'whsec_conformance';
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const signature = String(request.headers['stripe-signature']);
      try {
        const event = verifier.webhooks.constructEvent(body, signature, secret);
        received.push({ body, signature, event, atMs: Date.now() });
        response.writeHead(endpoint.answer).end();
      } catch {
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    secret,
    received,
    types: () => received.map(({ event }) => event.type),
    of: (type) => received.map(({ event }) => event).filter((event) => event.type === type),
    answer: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return endpoint;
}
