import { connect, type Socket } from 'node:net';
import type { Subgraph } from '@marketgraph/platform/graphql';
import { inProcessTransport, readBody, sendJson } from '@marketgraph/platform/serve';
import { until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultHttpLimits } from '../src/config.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { toyShop } from './support/toy-shop.ts';

let stores: Stores;
let test: TestGateway;
const sockets: Socket[] = [];

/** A payments that reads webhooks to their end, and a catalog that takes uploads. */
function withBodies(subgraph: Subgraph, name: string, prefix: string): Subgraph {
  const route: Subgraph['routes'][number] = {
    method: 'POST',
    prefix,
    async handle(request, response) {
      const body = await readBody(request, 1024);
      sendJson(response, 200, { bytes: body.length });
    },
  };
  return { ...subgraph, name, routes: [route] };
}

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  const shop = toyShop();
  const any = shop.subgraphs[0]!;
  test = await startTestGateway({
    redisUrl: stores.redis.gateway,
    shop,
    transport: inProcessTransport([
      ...shop.subgraphs,
      withBodies(any, 'payments', '/webhooks/stripe'),
      withBodies(any, 'catalog', '/uploads/'),
    ]),
    config: { http: { ...defaultHttpLimits, bodyTimeoutMs: 150 } },
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

/** Sends these bytes and nothing after them; what comes back, and whether the connection was ended. */
function send(text: string, gateway = test) {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  sockets.push(socket);
  const seen = { text: '', isClosed: false };
  socket.on('data', (chunk) => (seen.text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (seen.isClosed = true));
  socket.write(text);
  return { seen, closed: () => until(() => seen.isClosed, { timeoutMs: 30_000, what: 'the end of the connection' }) };
}

const head = (line: string, ...headers: string[]) => [`${line} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n');

describe('G4 row 15: a body that does not come', () => {
  it.each([
    ['an operation', head('POST /graphql', 'content-type: application/json', 'content-length: 50'), '{"query"'],
    ['a stream', head('POST /graphql/stream', 'content-type: application/json', 'content-length: 50'), '{"query"'],
    ['a webhook', head('POST /webhooks/stripe', 'content-length: 50'), 'abc'],
    ['a webhook in chunks', head('POST /webhooks/stripe', 'transfer-encoding: chunked'), '3\r\nabc\r\n'],
  ])('of %s ends with 408', async (_, header, part) => {
    const { seen, closed } = send(header + part);
    await closed();
    expect(seen.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(seen.text).toContain('TIMEOUT');
  });

  it.each([
    ['GET /health', '200'],
    ['GET /graphql?query=%7Bwarehouses%7D', '400'],
    ['GET /nothing', '404'],
    ['DELETE /graphql', '405'],
  ])('of %s, where none is read, does not hold the connection', async (line, status) => {
    const { seen, closed } = send(`${head(line, 'content-length: 5')}a`);
    await closed();
    expect(seen.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('of an upload may be slow, but not silent; and an answer is read, or given up', async () => {
    let isGivenUp = false;
    const media: Subgraph['routes'][number] = {
      method: 'GET',
      prefix: '/media/',
      async handle(_request, response) {
        response.once('close', () => (isGivenUp = true));
        response.writeHead(200).end(Buffer.alloc(64 * 1024 * 1024));
      },
    };
    const shop = toyShop();
    const uploads = withBodies(shop.subgraphs[0]!, 'catalog', '/uploads/');
    const strict = await startTestGateway({
      redisUrl: stores.redis.gateway,
      shop,
      transport: inProcessTransport([...shop.subgraphs, { ...uploads, routes: [...uploads.routes, media] }]),
      config: { http: { ...defaultHttpLimits, stalledMs: 200 } },
    });
    try {
      const silent = send(`${head('POST /uploads/x', 'content-length: 6')}abc`, strict);
      await silent.closed();
      expect(silent.seen.text).not.toContain('200 OK');
      send(head('GET /media/x'), strict);
      sockets.at(-1)!.pause();
      await until(() => isGivenUp, { what: 'the end of an answer nobody reads' });
    } finally {
      await strict.stop();
    }
  });

  it('of an upload has more time, and comes through', async () => {
    const { seen } = send(`${head('POST /uploads/x', 'content-length: 6')}abc`);
    const webhook = send(`${head('POST /webhooks/stripe', 'content-length: 6')}abc`);
    await webhook.closed();
    sockets[0]!.write('def');
    await until(() => seen.text.includes('{"bytes":6}'), { what: 'the answer' });
  });
});

describe('G4 what is not the graph', () => {
  it.each(['/health', '/ready', '/'])('%s is only read', async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND']) {
      const response = await fetch(`${test.url}${path}`, { method, redirect: 'manual' });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect((await fetch(`${test.url}${path}`, { method: 'HEAD', redirect: 'manual' })).status).toBeLessThan(400);
  });

  it('everything has the headers of a page that nobody may frame or sniff', async () => {
    for (const path of ['/health', '/graphql', '/nothing']) {
      const { headers } = await fetch(`${test.url}${path}`);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});
