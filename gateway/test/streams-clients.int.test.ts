import { testIds } from '@marketgraph/platform/testing';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Listen, type Listener, overEventStream, overMultipart, overWebSocket } from './support/live-clients.ts';
import { startTestGateway, type Json, type TestGateway } from './support/test-gateway.ts';

const ids = testIds();
let stores: Stores;
let test: TestGateway;
const listeners: Listener[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({ redisUrl: stores.redis.gateway });
});
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.stop();
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

function listen(how: Listen, query: string, variables: Record<string, unknown>): Listener {
  const listener = how(test, { query, variables });
  listeners.push(listener);
  return listener;
}
const tell = (field: string, id: string, told: object) => test.publish([`${field}:${id}`], told, { domain: 'feeds' });
const datas = (results: Json[], field: string) => results.map(({ data }) => data[field]);

describe.each([
  ['graphql-ws', overWebSocket],
  ['graphql-sse', overEventStream],
  ['multipart of Apollo Client', overMultipart],
] as const)('G6 a subscription over %s', (_, how) => {
  it('may have an interface as its root, with fields of other subgraphs behind each type', async () => {
    const id = ids.next('fed');
    const stream = listen(
      how,
      `subscription($id: ID!) { happened(id: $id) { kind: __typename step ... on Shipment { order { id unitsLeft } } ...Said } }
       fragment Said on Remark { text }`,
      { id },
    );
    await stream.seen(1);
    await tell('happened', id, { step: 1, order: 'o1' });
    await tell('happened', id, { step: 2, text: 'late' });
    expect(datas(await stream.seen(3), 'happened')).toEqual([
      { kind: 'Remark', step: 0, text: 'so far' },
      { kind: 'Shipment', step: 1, order: { id: 'o1', unitsLeft: 2 } },
      { kind: 'Remark', step: 2, text: 'late' },
    ]);
  });

  it('may have a union as its root, and null where there is nothing', async () => {
    const id = ids.next('fed');
    const stream = listen(
      how,
      'subscription($id: ID!) { item(id: $id) { ... on Shipment { step order { unitsLeft } } ... on Remark { text } } }',
      { id },
    );
    await stream.seen(1);
    await tell('item', id, { step: 1, order: 'o17' });
    await tell('item', id, { step: 2, text: 'broken' });
    expect(datas(await stream.seen(3), 'item')).toEqual([
      null,
      { step: 1, order: { unitsLeft: 3 } },
      { text: 'broken' },
    ]);
  });

  it('takes variables with defaults, of the operation and of the schema, and conditions on nested fields', async () => {
    const id = ids.next('fed');
    const query = `subscription($id: ID!, $from: Int = 2, $withOrder: Boolean = true, $bare: Boolean! = false) {
      happened(id: $id, from: $from) {
        step @skip(if: $bare) ... on Shipment { order @include(if: $withOrder) { unitsLeft @skip(if: $bare) id } }
      }
    }`;
    const [usual, other] = [
      listen(how, query, { id }),
      listen(how, query, { id, from: 1, withOrder: false, bare: false }),
    ];
    const bare = listen(how, query, { id, from: 3, bare: true });
    await Promise.all([usual.seen(1), other.seen(1), bare.seen(1)]);
    for (const step of [1, 2, 3]) await tell('happened', id, { step, order: 'o1' });
    const order = { unitsLeft: 2, id: 'o1' };
    expect(datas(await usual.seen(3), 'happened')).toEqual([{ step: 0 }, { step: 2, order }, { step: 3, order }]);
    expect(datas(await other.seen(4), 'happened')).toEqual([{ step: 0 }, { step: 1 }, { step: 2 }, { step: 3 }]);
    expect(datas(await bare.seen(2), 'happened')).toEqual([{}, { order: { id: 'o1' } }]);
  });

  it('tells errors with their path and goes on', async () => {
    const id = ids.next('fed');
    const stream = listen(
      how,
      'subscription($id: ID!) { so: happened(id: $id) { step ... on Remark { who: author } } }',
      {
        id,
      },
    );
    await stream.seen(1);
    await tell('happened', id, { step: 1, text: 'x' });
    await tell('happened', id, { step: 2, order: 'o1' });
    const results = await stream.seen(3);
    expect(results.map(({ data }) => data.so)).toEqual([{ step: 0, who: null }, { step: 1, who: null }, { step: 2 }]);
    expect(results[1].errors).toMatchObject([
      {
        message: 'The author of 1 is gone.',
        path: ['so', 'who'],
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
    expect(results[2].errors).toBeUndefined();
  });
});

describe('identical subscriptions', () => {
  it('of all three transports share one plan run per event', async () => {
    const id = ids.next('fed');
    // As Apollo Client prints it, for all.
    const query = 'subscription ($id: ID!) {\n  happened(id: $id) {\n    step\n  }\n}';
    const streams = [overWebSocket, overEventStream, overMultipart].map((how) => listen(how, query, { id }));
    await Promise.all(streams.map((stream) => stream.seen(1)));
    const before = test.gateway.counts();
    expect(before).toMatchObject({ groups: 1, subscribers: 3, sockets: 1, streams: 2 });
    await tell('happened', id, { step: 1 });
    for (const stream of streams) expect(datas(await stream.seen(2), 'happened').at(-1)).toEqual({ step: 1 });
    expect(test.gateway.counts().runs - before.runs).toBe(1);
  });
});

describe('Apollo Client with its cache', () => {
  function client(token?: string): ApolloClient {
    const headers = token ? { authorization: `Bearer ${token}` } : undefined;
    return new ApolloClient({
      link: new HttpLink({ uri: `${test.url}/graphql`, ...(headers ? { headers } : {}) }),
      cache: new InMemoryCache(),
    });
  }
  const HAPPENED = gql`
    subscription Happened($id: ID!) {
      happened(id: $id) {
        step
      }
    }
  `;

  it('shows what happens, and what the operation refuses as an error of GraphQL', async () => {
    const [id, steps] = [ids.next('fed'), [] as number[]];
    const subscription = client()
      .subscribe<Json>({ query: HAPPENED, variables: { id }, fetchPolicy: 'no-cache' })
      .subscribe(({ data }) => steps.push(data.happened.step));
    try {
      await expect.poll(() => steps).toEqual([0]);
      await tell('happened', id, { step: 1 });
      await expect.poll(() => steps).toEqual([0, 1]);
    } finally {
      subscription.unsubscribe();
    }
    const userId = ids.next('usr');
    const news = gql`
      subscription {
        vendorNews(vendorId: "v1") {
          step
        }
      }
    `;
    const refused = await new Promise<Json>(
      (resolve) =>
        void test.signer
          .token({ userId })
          .then((token) => client(token).subscribe<Json>({ query: news }).subscribe(resolve)),
    );
    expect(refused.error).toMatchObject({
      name: 'CombinedGraphQLErrors',
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
  });

  it('tells a stream that is broken off from one that is over', async () => {
    const going = await startTestGateway({ redisUrl: stores.redis.gateway, shop: test.shop, signer: test.signer });
    try {
      const link = new HttpLink({ uri: `${going.url}/graphql` });
      const results: Json[] = [];
      new ApolloClient({ link, cache: new InMemoryCache() })
        .subscribe<Json>({ query: HAPPENED, variables: { id: ids.next('fed') }, fetchPolicy: 'no-cache' })
        .subscribe((result) => results.push(result));
      await expect.poll(() => results.length).toBe(1);
      await going.gateway.stop();
      await expect.poll(() => results.length).toBe(2);
      expect(results[1].error).toMatchObject({
        name: 'CombinedProtocolErrors',
        errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'gateway', retryable: true } }],
      });
    } finally {
      await going.stop();
    }
  });
});

describe('multipart on the wire', () => {
  const ask = (query: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(`${test.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json',
        ...headers,
      },
      body: JSON.stringify({ query }),
      ...init,
    });

  it('is written as its protocol says, from the first boundary to the last', async () => {
    const answer = await ask('subscription { vendorNews(vendorId: "v1") { step } }');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('multipart/mixed;boundary="graphql";subscriptionSpec=1.0');
    const [preamble, part, end] = (await answer.text()).split('\r\n--graphql');
    expect([preamble, end]).toEqual(['', '--\r\n']);
    const [head, json] = part!.split('\r\n\r\n');
    expect(head).toBe('\r\ncontent-type: application/json');
    expect(JSON.parse(json!)).toMatchObject({
      payload: { data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
  });

  it('is not begun for what is wrong before it begins', async () => {
    for (const [query, headers, status, code] of [
      ['subscription { nothing }', {}, 400, 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription {', {}, 400, 'GRAPHQL_PARSE_FAILED'],
      ['subscription { happened(id: 1) { step } }', { authorization: 'Bearer nope' }, 401, 'UNAUTHENTICATED'],
      ['subscription { happened(id: 1) { step } }', { accept: 'application/json' }, 400, 'BAD_REQUEST'],
      ['subscription { happened(id: 1) { step } }', { accept: 'multipart/mixed' }, 400, 'BAD_REQUEST'],
      ['subscription { happened(id: 1) { step } }', { 'content-type': 'text/plain' }, 415, 'BAD_REQUEST'],
    ] as const) {
      const answer = await ask(query, headers);
      expect([answer.status, ((await answer.json()) as Json).errors[0].extensions.code]).toEqual([status, code]);
    }
    const query = await ask('{ warehouses }');
    expect([query.headers.get('content-type'), await query.json()]).toEqual([
      'application/json; charset=utf-8',
      { data: { warehouses: 2 } },
    ]);
  });
});
