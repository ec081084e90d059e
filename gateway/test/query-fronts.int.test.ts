import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultTimeouts } from '../src/config.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { toyShop } from './support/toy-shop.ts';

const BUYER = 'usr_01J00000000000000000000001';
const ORDER = 'ord_01J00000000000000000000001';

/** Needs weighing, so Apollo Server answers it; the outcome of the weighing is the plain type. */
const WEIGHED = 'application/json;q=0.9, text/html;q=0.1';

let stores: Stores;
let own: TestGateway;
let stock: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  const timeouts = { ...defaultTimeouts, fetchMs: 300 };
  const start = (executor: 'own' | 'stock') =>
    startTestGateway({
      redisUrl: stores.redis.gateway,
      shop: toyShop(),
      config: { timeouts, executor, login: { perAccount: 1, perAddress: 1_000 } },
    });
  own = await start('own');
  stock = await start('stock');
});
afterAll(async () => {
  await Promise.all([own?.stop(), stock?.stop()]);
  await stores?.stop();
});
beforeEach(() => {
  for (const { shop } of [own, stock]) {
    shop.state.orders.set(ORDER, { buyerId: BUYER, status: 'CONFIRMED' });
    shop.state.hanging.clear();
  }
});

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

async function ask(gateway: TestGateway, body: unknown, accept: string, signedIn = true): Promise<Answer> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': 'the-request-0001',
      accept,
      ...(signedIn ? { authorization: `Bearer ${await gateway.signer.token()}` } : {}),
    },
    body: JSON.stringify(body),
  });
  const { date: _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

const order = `order(id: "${ORDER}") { __typename id status buyer { name } unitsLeft }`;
const cases: [title: string, body: object, options?: { signedIn?: boolean; hanging?: string }][] = [
  ['a joined query', { query: `{ ${order} }` }],
  [
    'aliases, fragments and conditions',
    {
      query: `query Q($s: Boolean!, $id: ID = "${ORDER}") { a: order(id: $id) { ...F x: __typename } warehouses @skip(if: $s) __typename }
              fragment F on Order { status @include(if: $s) unitsLeft }`,
      variables: { s: true },
      operationName: 'Q',
    },
  ],
  [
    'an entity by its interface',
    { query: `{ node(id: "${ORDER}") { id ... on Order { status } ... on User { name } } }` },
  ],
  ['one of two operations', { query: 'query A { warehouses } query B { whoami }', operationName: 'B' }],
  [
    'introspection beside data',
    { query: '{ __schema { queryType { name } } warehouses __type(name: "Order") { kind } }' },
  ],
  ['null for somebody anonymous', { query: `{ ${order} me { id } }` }, { signedIn: false }],
  ['an error that is masked', { query: '{ broken }' }],
  ['an error with a code', { query: '{ staffOnly }' }],
  ['errors beside data', { query: '{ staffOnly warehouses broken }' }],
  ['a subgraph that is too slow', { query: `{ ${order} }` }, { hanging: 'inventory' }],
  ['a mutation', { query: 'mutation { orderPlace }' }],
  ['a variable that is missing', { query: 'query($id: ID!) { order(id: $id) { id } }' }],
  ['a variable of another type', { query: 'query($id: ID!) { order(id: $id) { id } }', variables: { id: { a: 1 } } }],
  ['null variables', { query: '{ warehouses }', variables: null, operationName: null, extensions: {} }],
];

describe.each(cases)('%s', (_, body, { signedIn = true, hanging } = {}) => {
  it('is answered alike by the direct way, by Apollo Server, and by the stock executor', async () => {
    if (hanging) for (const { shop } of [own, stock]) shop.state.hanging.add(hanging);
    const direct = await ask(own, body, 'application/json', signedIn);
    expect(await ask(own, body, WEIGHED, signedIn)).toEqual(direct);
    const { status, text } = await ask(stock, body, 'application/json', signedIn);
    expect([status, sorted(text)]).toEqual([direct.status, sorted(direct.text)]);
  });
});

/** The stock executor lists errors in the order in which they came. */
function sorted(text: string): unknown {
  const body = JSON.parse(text) as { errors?: unknown[] };
  body.errors?.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  return body;
}

describe('what a client accepts', () => {
  it.each([
    '*/*',
    'application/json',
    'application/json, */*',
    'application/json, text/plain, */*',
    'application/graphql-response+json',
    'application/graphql-response+json, application/json',
    'application/graphql-response+json,application/json;q=0.9',
    'application/graphql-response+json, application/json;q=0.9',
  ])('%s is read as Apollo Server reads it', async (accept) => {
    const direct = await ask(own, { query: '{ warehouses }' }, accept);
    // A space is nothing to who weighs the header, and not the same to who looks it up.
    const weighed = await ask(own, { query: '{ warehouses }' }, ` ${accept} ,x/y`.trim());
    expect(direct).toEqual(weighed);
  });

  it('is refused when it is nothing we have', async () => {
    expect((await ask(own, { query: '{ warehouses }' }, 'image/png')).status).toBe(406);
  });
});

describe('sign-in attempts that are too many', () => {
  it('are 429 with the time to wait, whichever way they came', async () => {
    const query = 'mutation($e: String!) { login(input: { email: $e }) }';
    const answers = [];
    for (const accept of ['application/json', 'application/json', WEIGHED]) {
      const { status, headers, text } = await ask(own, { query, variables: { e: 'one@shop.example' } }, accept);
      answers.push([status, headers['retry-after'] !== undefined, (JSON.parse(text) as { data?: unknown }).data]);
    }
    expect(answers).toEqual([
      [200, false, { login: true }],
      [429, true, undefined],
      [429, true, undefined],
    ]);
  });
});

describe('plans', () => {
  it('are made once for an operation, whichever way it comes', async () => {
    const query = `query Planned { ${order} again: warehouses }`;
    const before = own.gateway.counts().plans.planned;
    await ask(own, { query }, 'application/json');
    await ask(own, { query }, WEIGHED);
    await ask(own, { query, operationName: 'Planned' }, '*/*', false);
    expect(own.gateway.counts().plans.planned - before).toBe(1);
  });

  it('are bounded, whatever is asked', async () => {
    await Promise.all(
      Array.from({ length: 1_050 }, (__, i) => ask(own, { query: `{ w${i}: warehouses }` }, 'application/json', false)),
    );
    expect(own.gateway.counts().plans.kept).toBeLessThanOrEqual(1_000);
  });

  it('that cannot be made are the mistake of the client', async () => {
    const query = `{ order(id: "${ORDER}") { __typename: status } }`;
    const direct = await ask(own, { query }, 'application/json');
    expect([direct.status, JSON.parse(direct.text)]).toMatchObject([
      400,
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    ]);
    expect(await ask(own, { query }, WEIGHED)).toEqual(direct);
  });
});
