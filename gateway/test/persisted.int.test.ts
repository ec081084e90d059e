import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { createClient as createSseClient } from 'graphql-sse';
import { parse, print } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PersistedMode } from '../src/persisted/persisted-operations.ts';
import { parseManifest, printManifest, sha256 } from '../src/persisted/manifest.ts';
import { type RawSocket, rawSocket } from './support/live-clients.ts';
import { type Json, startTestGateway, type TestGateway } from './support/test-gateway.ts';

const ORDER = 'ord_01J00000000000000000000001';
const BUYER = 'usr_01J00000000000000000000001';
const LISTED = print(parse('query Stock($id: ID!) { warehouses order(id: $id) { id status } }'));
const WATCH = print(parse('subscription Watch($id: ID!) { orderStatusChanged(orderId: $id) { kind } }'));

let stores: Stores;
const gateways = new Map<PersistedMode, TestGateway>();
const sockets: RawSocket[] = [];
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  const listedOperations = parseManifest(printManifest([parse(LISTED), parse(WATCH)]));
  for (const persisted of ['apq', 'allow-list', 'off'] as const) {
    const started = await startTestGateway({ redisUrl: stores.redis.gateway, config: { persisted }, listedOperations });
    gateways.set(persisted, started);
    started.shop.state.orders.set(ORDER, { buyerId: BUYER, status: 'CONFIRMED' });
  }
  test = gateways.get('apq')!;
});
afterEach(() => {
  for (const { socket } of sockets.splice(0)) socket.terminate();
});
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.stop();
  await stores?.stop();
});

const byHash = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } } });
const codesOf = (body: Json) => body.errors?.map(({ extensions }: Json) => extensions.code);
const get = async (params: Record<string, unknown>, at = test): Promise<{ status: number; body: Json }> => {
  const entries = Object.entries(params).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${at.url}/graphql?${new URLSearchParams(entries)}`, { headers });
  return { status: response.status, body: await response.json() };
};
let texts = 0;
/** One that no test has sent before. */
const freshText = () => `{ fresh${(texts += 1)}: warehouses }`;

describe('an operation by its hash', () => {
  it('is asked for with its text once, then without, by POST and by GET', async () => {
    const text = freshText();
    const unknown = await test.post(byHash(text));
    expect([unknown.status, codesOf(unknown.body), unknown.body.errors[0].message]).toEqual([
      200,
      ['PERSISTED_QUERY_NOT_FOUND'],
      'PersistedQueryNotFound',
    ]);
    expect(unknown.headers.get('cache-control')).toContain('no-cache');
    const data = { data: { [`fresh${texts}`]: 2 } };
    expect((await test.post({ query: text, ...byHash(text) })).body).toEqual(data);
    expect((await test.post(byHash(text))).body).toEqual(data);
    expect(await get(byHash(text))).toEqual({ status: 200, body: data });
  });

  it('takes variables and an operation name like any other, by GET too', async () => {
    const query = 'query A($id: ID!) { order(id: $id) { id } } query B($p: Int!) { orders(first: $p) { id } }';
    const ask = { operationName: 'A', variables: { id: ORDER }, ...byHash(query) };
    expect((await test.post({ query, ...ask })).body).toEqual({ data: { order: null } });
    expect((await get(ask)).body).toEqual({ data: { order: null } });
    expect(codesOf((await test.post({ ...ask, operationName: undefined })).body)).toEqual(['BAD_REQUEST']);
    const page = { operationName: 'B', variables: { p: 1_000_000 }, ...byHash(query) };
    const refused = await test.post(page);
    expect([refused.status, codesOf(refused.body)]).toEqual([400, ['BAD_USER_INPUT']]);
    expect((await get(page)).status).toBe(400);
  });

  it('is no way around the rule that a GET changes nothing', async () => {
    const query = 'mutation { orderPlace }';
    expect((await test.post({ query, ...byHash(query) })).body).toEqual({ data: { orderPlace: true } });
    expect((await get(byHash(query))).status).toBe(405);
    const stream = await fetch(
      `${test.url}/graphql/stream?${new URLSearchParams({ extensions: JSON.stringify(byHash(query).extensions) })}`,
    );
    expect(stream.status).toBe(405);
    expect((await test.post(byHash('subscription { visits(id: "1") }'))).status).toBe(200);
  });

  it('works over a socket and over an event stream, and what one transport has sent the others know', async () => {
    const text = freshText();
    const data = { data: { [`fresh${texts}`]: 2 } };
    const socket = await rawSocket(test.socketUrl);
    sockets.push(socket);
    socket.send({ type: 'connection_init' });
    await socket.message('connection_ack');
    const ask = (id: string, payload: object) => socket.send({ id, type: 'subscribe', payload });
    ask('1', { query: '', ...byHash(text) });
    expect(codesOf({ errors: (await socket.message('error', '1')).payload })).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    ask('2', { query: text, ...byHash(text) });
    expect((await socket.message('next', '2')).payload).toEqual(data);
    ask('3', { query: '', ...byHash(text) });
    expect((await socket.message('next', '3')).payload).toEqual(data);

    const client = createSseClient({ url: `${test.url}/graphql/stream`, retryAttempts: 0 });
    const results: unknown[] = [];
    for await (const result of client.iterate({ query: '', ...byHash(text) })) results.push(result);
    expect(results).toEqual([data]);
    client.dispose();
  });

  it('may be a subscription over multipart', async () => {
    const stream = await fetch(`${test.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json',
        authorization: `Bearer ${await test.signer.token()}`,
      },
      body: JSON.stringify({ variables: { id: ORDER }, ...byHash(WATCH) }),
    });
    let text = '';
    for await (const chunk of stream.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes('payload')) break;
    }
    expect(text).toContain('{"payload":{"data":{"orderStatusChanged":{"kind":"SNAPSHOT"}}}}');
  });

  it('may be a subscription over a socket', async () => {
    const socket = await rawSocket(test.socketUrl);
    sockets.push(socket);
    const authorization = `Bearer ${await test.signer.token()}`;
    socket.send({ type: 'connection_init', payload: { authorization } });
    await socket.message('connection_ack');
    socket.send({ id: '1', type: 'subscribe', payload: { query: '', variables: { id: ORDER }, ...byHash(WATCH) } });
    expect((await socket.message('next', '1')).payload).toEqual({ data: { orderStatusChanged: { kind: 'SNAPSHOT' } } });
  });

  it.each([
    ['POST', {}],
    ['GET', { useGETForHashedQueries: true }],
  ])('is what Apollo Client sends, by %s', async (method, options) => {
    const asked: string[] = [];
    const seen: typeof fetch = (input, init) => {
      asked.push(
        `${init?.method} ${init?.body ? String(JSON.parse(init.body as string).query !== undefined) : 'false'}`,
      );
      return fetch(input, init);
    };
    const hashes = new PersistedQueryLink({ sha256, ...options });
    const http = new HttpLink({ uri: `${test.url}/graphql`, fetch: seen });
    const client = new ApolloClient({ link: ApolloLink.from([hashes, http]), cache: new InMemoryCache() });
    const query = gql(freshText());
    for (let time = 0; time < 2; time += 1) {
      const { data } = await client.query({ query, fetchPolicy: 'network-only' });
      expect(data).toEqual({ [`fresh${texts}`]: 2 });
    }
    expect(asked).toEqual([`${method} false`, 'POST true', `${method} false`]);
    client.stop();
  });
});

describe('plans', () => {
  it('of listed operations are made at the start: their first request plans nothing, those of others do', async () => {
    const listedOperations = parseManifest(printManifest([parse(LISTED), parse(WATCH)]));
    const redisUrl = stores.redis.gateway;
    const fresh = await startTestGateway({ redisUrl, listedOperations, config: { executor: 'own' } });
    try {
      const started = fresh.gateway.counts().plans;
      // As generated clients send it, and as a client with a cache does.
      expect(started).toEqual({ planned: 2, kept: 2 });
      const variables = { id: ORDER };
      const answer = { data: { warehouses: 2, order: null } };
      expect((await fresh.post({ ...byHash(LISTED), variables })).body).toEqual(answer);
      expect((await fresh.post({ query: LISTED, operationName: 'Stock', variables })).body).toEqual(answer);
      expect((await get({ ...byHash(LISTED), variables }, fresh)).body).toEqual(answer);
      const client = new ApolloClient({
        link: new HttpLink({ uri: `${fresh.url}/graphql` }),
        cache: new InMemoryCache(),
      });
      expect((await client.query({ query: gql(LISTED), variables })).data).toEqual(answer.data);
      client.stop();
      expect(fresh.gateway.counts().plans).toEqual(started);
      await fresh.post({ query: '{ warehouses }' });
      expect(fresh.gateway.counts().plans).toEqual({ planned: 3, kept: 3 });
    } finally {
      await fresh.stop();
    }
  });

  it('of operations this graph does not have are not made, and the others are', async () => {
    const bad = parse('query Bad { nothing }');
    const listedOperations = parseManifest(printManifest([bad, parse('query Good { warehouses }')]));
    const fresh = await startTestGateway({ redisUrl: stores.redis.gateway, listedOperations });
    try {
      expect(fresh.gateway.counts().plans.planned).toBe(1);
      expect(codesOf((await fresh.post(byHash(print(bad)))).body)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    } finally {
      await fresh.stop();
    }
  });
});

describe('78 a hash is no way past the door', () => {
  it.each<[string, object]>([
    ['the hash of another text', { query: '{ warehouses }', ...byHash('{ whoami }') }],
    ['another version', { query: '{ warehouses }', extensions: { persistedQuery: { version: 2, sha256Hash: 'x' } } }],
    ['no hash', { extensions: { persistedQuery: { version: 1 } } }],
    ['a hash in capitals', { extensions: { persistedQuery: { version: 1, sha256Hash: 'A'.repeat(64) } } }],
    ['a hash of a megabyte', { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(900_000) } } }],
    ['no object', { extensions: { persistedQuery: 7 } }],
    ['extensions that are a list', { query: '{ warehouses }', extensions: [] }],
  ])('%s is refused', async (_, body) => {
    const answer = await test.post(body);
    expect([answer.status, codesOf(answer.body)]).toEqual([400, ['BAD_REQUEST']]);
    expect(JSON.stringify(answer.body).length).toBeLessThan(500);
  });

  const aliases = Array.from({ length: 31 }, (_, at) => `a${at}: __typename`).join(' ');
  it.each<[string, string, Json]>([
    ['too many aliases', `{ ${aliases} }`, 'OPERATION_TOO_COMPLEX'],
    ['what does not parse', '{ warehouses', 'GRAPHQL_PARSE_FAILED'],
    ['what does not validate', '{ secrets }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a page too large', '{ orders(first: 101) { id } }', 'BAD_USER_INPUT'],
  ])('%s is refused with its text and never kept', async (_, query, code) => {
    expect(codesOf((await test.post({ query, ...byHash(query) })).body)).toEqual([code]);
    expect(codesOf((await test.post(byHash(query))).body)).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  });

  it('a text kept under its hash cannot be replaced', async () => {
    const text = freshText();
    await test.post({ query: text, ...byHash(text) });
    expect((await test.post({ query: '{ whoami }', ...byHash(text) })).status).toBe(400);
    expect((await test.post(byHash(text))).body).toEqual({ data: { [`fresh${texts}`]: 2 } });
  });
});

describe('the list of our own operations', () => {
  beforeEach(() => {
    for (const { shop } of gateways.values()) shop.state.requests.length = 0;
  });

  it('is known by hash without ever having been sent', async () => {
    for (const mode of ['apq', 'allow-list'] as const) {
      const at = gateways.get(mode)!;
      const ask = { variables: { id: ORDER }, ...byHash(LISTED) };
      const { body } = await at.post(ask, { authorization: `Bearer ${await at.signer.token()}` });
      expect(body).toEqual({ data: { warehouses: 2, order: { id: ORDER, status: 'CONFIRMED' } } });
      expect((await get(ask, at)).body).toEqual({ data: { warehouses: 2, order: null } });
    }
  });

  it('is all that runs where only the list may: as text, as Apollo Client sends it, with other spaces', async () => {
    const at = gateways.get('allow-list')!;
    const answer = { data: { warehouses: 2, order: null } };
    const ask = (query: string) => ({ query, operationName: 'Stock', variables: { id: ORDER } });
    expect((await at.post(ask(LISTED))).body).toEqual(answer);
    expect((await at.post(ask(LISTED.replaceAll(/\s+/g, '\n\n')))).body).toEqual(answer);
    expect((await get(ask(LISTED.replaceAll(/\s+/g, ' ')), at)).body).toEqual(answer);
    const client = new ApolloClient({
      link: new HttpLink({ uri: `${at.url}/graphql` }),
      cache: new InMemoryCache(),
    });
    expect((await client.query({ query: gql(LISTED), variables: { id: ORDER } })).data).toEqual(answer.data);
    client.stop();
  });

  it('is all that runs there on every transport, and what is not on it is not even read', async () => {
    const at = gateways.get('allow-list')!;
    for (const query of [
      '{ warehouses }',
      '{ not graphql',
      'query Stock { warehouses }',
      '{ __schema { types { name } } }',
    ]) {
      const refused = await at.post({ query });
      expect([refused.status, codesOf(refused.body)]).toEqual([400, ['OPERATION_NOT_LISTED']]);
      expect(codesOf((await at.post({ query, ...byHash(query) })).body)).toEqual(['OPERATION_NOT_LISTED']);
      expect(codesOf((await at.post(byHash(query))).body)).toEqual(['OPERATION_NOT_LISTED']);
      expect(codesOf((await get({ query }, at)).body)).toEqual(['OPERATION_NOT_LISTED']);
    }
    const socket = await rawSocket(at.socketUrl);
    sockets.push(socket);
    socket.send({ type: 'connection_init' });
    await socket.message('connection_ack');
    socket.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { visits(id: "1") }' } });
    expect(codesOf({ errors: (await socket.message('error', '1')).payload })).toEqual(['OPERATION_NOT_LISTED']);
    const stream = await fetch(`${at.url}/graphql/stream?${new URLSearchParams({ query: '{ warehouses }' })}`);
    expect(await stream.text()).toContain('OPERATION_NOT_LISTED');
    expect(at.shop.state.requests.filter(({ viewer }) => viewer.kind !== 'service')).toEqual([]);
  });

  it('is nothing where hashes are off, and clients that begin with a hash go on without', async () => {
    const at = gateways.get('off')!;
    const refused = await at.post(byHash(LISTED));
    expect([refused.status, codesOf(refused.body)]).toEqual([200, ['PERSISTED_QUERY_NOT_SUPPORTED']]);
    expect((await at.post({ query: '{ warehouses }', ...byHash('{ other }') })).body).toEqual({
      data: { warehouses: 2 },
    });
    const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri: `${at.url}/graphql` })]);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    expect((await client.query({ query: gql('{ warehouses }') })).data).toEqual({ warehouses: 2 });
    client.stop();
  });
});
