import { hashApiKey } from '@marketgraph/schema/api-keys';
import { randomBytes } from 'node:crypto';
import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { apiKeyRevoked } from '@marketgraph/schema/events/accounts';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Listen, overEventStream, overMultipart, overWebSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const WAREHOUSES = { query: '{ warehouses }' };

let stores: Stores;
/** Of accounts, and of the gateway. */
let redis: Redis;
let ownRedis: Redis;
let test: TestGateway;
const others: TestGateway[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  redis = await connectRedis(stores.redis.accounts, { log, name: 'test' });
  ownRedis = await connectRedis(stores.redis.gateway, { log, name: 'test' });
  test = await another({});
  others.pop();
});
afterEach(async () => {
  for (const gateway of others.splice(0)) await gateway.stop();
});
afterAll(async () => {
  await test?.stop();
  for (const one of [redis, ownRedis]) if (one) await closeRedis(one);
  await stores?.stop();
});

async function another(options: Partial<Parameters<typeof startTestGateway>[0]>): Promise<TestGateway> {
  const gateway = await startTestGateway({ redisUrl: stores.redis.gateway, ...options });
  others.push(gateway);
  return gateway;
}

const withLogin = (perAddress: number) => ({ login: { perAccount: 1_000, perAddress } });

let made = 0;

function aKey(at: TestGateway, scopes: string[], expiresAt: Date | null = null) {
  const [keyId, secret] = [`key_${(made += 1)}`, `mgk_${randomBytes(32).toString('base64url')}`];
  const principal = {
    keyId,
    scopes,
    roles: ['VENDOR_STAFF'],
    memberships: [{ of: 'ven_1', role: 'VENDOR_STAFF' }],
    expiresAt: expiresAt && expiresAt.toISOString(),
  };
  at.shop.state.apiKeys.set(hashApiKey(secret), principal);
  const ask = async (body: unknown, of = at) => {
    const answer = await of.post(body, { authorization: `Bearer ${secret}` });
    return { ...answer, code: answer.body.errors?.[0]?.extensions.code };
  };
  return { keyId, secret, principal, ask, forget: () => at.shop.state.apiKeys.delete(hashApiKey(secret)) };
}

const wrong = async (at: TestGateway) =>
  (await at.post(WAREHOUSES, { authorization: `Bearer mgk_${randomBytes(32).toString('base64url')}` })).status;
/** How often accounts was asked by the gateway itself. */
const questions = ({ shop }: TestGateway) =>
  shop.state.requests.filter(({ subgraph, viewer }) => subgraph === 'accounts' && viewer.kind === 'service').length;

describe('A24 a machine with an API key', () => {
  it('calls what its scopes name, as its vendor in the subgraph they name, and as nobody in others', async () => {
    const { keyId, secret, ask } = aKey(test, ['inventory:read']);
    expect((await ask({ query: '{ warehouses whoami }' })).body).toEqual({
      data: { warehouses: 2, whoami: ['anonymous'] },
    });
    const seen = test.shop.state.requests.filter(({ viewer }) => viewer.kind === 'apiKey');
    expect(seen).toMatchObject([{ subgraph: 'inventory', viewer: { keyId, memberships: [{ of: 'ven_1' }] } }]);
    expect(JSON.stringify(test.shop.state.requests)).not.toContain(secret);
  });

  it('calls nothing else, and no subgraph hears of it', async () => {
    const { ask } = aKey(test, ['inventory:read', 'orders:read']);
    await ask(WAREHOUSES);
    const before = test.shop.state.requests.length;
    for (const query of ['{ me { id } }', 'mutation { orderPlace }', '{ warehouses node(id: "usr_1") { id } }']) {
      const { status, code, body } = await ask({ query });
      expect([status, code, body.data]).toEqual([403, 'FORBIDDEN', undefined]);
    }
    expect(test.shop.state.requests.length).toBe(before);
    const stream = overWebSocket(
      test,
      { query: 'subscription { orderStatusChanged(orderId: "o") { kind } }' },
      aKey(test, ['orders:read']).secret,
    );
    expect(await stream.ended()).toMatchObject({ kind: 'error', error: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect((await aKey(test, ['orders:place']).ask({ query: 'mutation { orderPlace }' })).body.data).toEqual({
      orderPlace: true,
    });
  });

  it('is asked about once for many requests at a time, and not again while that is fresh', async () => {
    let now = new Date();
    const at = await another({ clock: { now: () => now } });
    const { ask, forget } = aKey(at, ['inventory:read']);
    await Promise.all(Array.from({ length: 30 }, () => ask(WAREHOUSES)));
    expect((await ask(WAREHOUSES)).status).toBe(200);
    expect(questions(at)).toBe(1);
    forget();
    now = new Date(now.getTime() + 31_000);
    expect((await ask(WAREHOUSES)).status).toBe(401);
  });

  it('is nobody once its key has ended', async () => {
    let now = new Date();
    const at = await another({ clock: { now: () => now } });
    const { ask } = aKey(at, ['inventory:read'], new Date(now.getTime() + 10_000));
    expect((await ask(WAREHOUSES)).status).toBe(200);
    now = new Date(now.getTime() + 10_000);
    expect([(await ask(WAREHOUSES)).code, questions(at)]).toEqual(['UNAUTHENTICATED', 1]);
  });

  it('goes on for 15 minutes while accounts is away, as long as it is not revoked; a new one waits', async () => {
    let now = new Date();
    const at = await another({ clock: { now: () => now } });
    const [known, unknown, revoked] = ['', '', ''].map(() => aKey(at, ['inventory:read']));
    for (const { ask } of [known!, revoked!]) expect((await ask(WAREHOUSES)).status).toBe(200);
    at.shop.state.hanging.add('accounts');
    await redis.set(`accounts:revoked:${revoked!.keyId}`, '1', 'EX', 60);
    now = new Date(now.getTime() + 14 * 60_000);
    expect((await known!.ask(WAREHOUSES)).status).toBe(200);
    expect((await revoked!.ask(WAREHOUSES)).code).toBe('UNAUTHENTICATED');
    const { status, code, headers } = await unknown!.ask(WAREHOUSES);
    expect([status, code, headers.get('retry-after')]).toEqual([503, 'SUBGRAPH_UNAVAILABLE', '5']);
    now = new Date(now.getTime() + 2 * 60_000);
    expect((await known!.ask(WAREHOUSES)).status).toBe(503);
  });

  it('has a budget of its own', async () => {
    const rates = { pointsPerUser: 1_200, pointsPerAddress: 0, requestsPerAddress: 0 };
    const places = { clientsPerAddress: 0, clientsPerUser: 0, subscriptionsPerAddress: 0, subscriptionsPerUser: 0 };
    const at = await another({ config: { rates: { ...rates, ...places } } });
    const [thirsty, modest] = [aKey(at, ['inventory:read']), aKey(at, ['inventory:read'])];
    const answers: number[] = [];
    for (let n = 0; n < 4; n += 1) answers.push((await thirsty.ask({ query: `{ a${n}: warehouses }` })).status);
    expect(answers[0]).toBe(200);
    expect(answers.at(-1)).toBe(429);
    expect((await modest.ask(WAREHOUSES)).status).toBe(200);
  });
});

describe('A24 a key that is revoked', () => {
  it('is refused with the next request, on every gateway', async () => {
    const second = await another({ shop: test.shop, signer: test.signer });
    const { keyId, ask, forget } = aKey(test, ['inventory:read']);
    for (const at of [test, second]) expect((await ask(WAREHOUSES, at)).status).toBe(200);
    forget();
    await redis.set(`accounts:revoked:${keyId}`, '1', 'EX', 60);
    for (const at of [test, second]) {
      const { status, code, headers } = await ask(WAREHOUSES, at);
      expect([status, code, headers.get('www-authenticate')]).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    }
  });

  it('is refused when the event comes, where the mark was lost', async () => {
    const { keyId, ask, forget } = aKey(test, ['inventory:read']);
    expect((await ask(WAREHOUSES)).status).toBe(200);
    forget();
    const payload = { apiKeyId: keyId, vendorId: 'ven_1' };
    await test.publish([], payload, { domain: 'accounts', name: apiKeyRevoked.name, key: keyId });
    await until(async () => (await ask(WAREHOUSES)).status === 401);
  });

  it.each<[string, Listen]>([
    ['WebSocket', overWebSocket],
    ['event stream', overEventStream],
    ['multipart', overMultipart],
  ])('ends its streams and no others: %s', async (_, listen) => {
    const [gone, kept] = [aKey(test, ['orders:read']), aKey(test, ['orders:read'])];
    const visits = { query: 'subscription { visits(id: "1") }' };
    const [stream, other] = [listen(test, visits, gone.secret), listen(test, visits, kept.secret)];
    await Promise.all([stream.seen(1), other.seen(1)]);
    gone.forget();
    const payload = { apiKeyId: gone.keyId, vendorId: 'ven_1' };
    await test.publish([], payload, { domain: 'accounts', name: apiKeyRevoked.name, key: gone.keyId });
    const end = await stream.ended();
    if (listen === overWebSocket) expect(end.error).toMatchObject({ code: 4403 });
    else expect(stream.results.at(-1).errors[0].extensions.code).toBe('UNAUTHENTICATED');
    await test.publish(['visits:1'], { step: 7 });
    await other.seen(2);
    other.stop();
  });
});

describe('A24 wrong keys', () => {
  it('are refused, and from one address so many a minute are looked at, by all gateways', async () => {
    await ownRedis.del('gateway:keys:address:127.0.0.1');
    const at = await another({ config: withLogin(3) });
    const second = await another({ config: withLogin(3), shop: at.shop, signer: at.signer });
    const good = aKey(at, ['inventory:read']);
    expect((await good.ask(WAREHOUSES)).status).toBe(200);
    expect([await wrong(at), await wrong(second), await wrong(at)]).toEqual([401, 401, 401]);
    const before = questions(at);
    expect([await wrong(at), await wrong(second)]).toEqual([429, 429]);
    expect(questions(at)).toBe(before);
    expect((await good.ask(WAREHOUSES)).status).toBe(200);
    expect((await at.post(WAREHOUSES)).status).toBe(200);
  });

  it.each(['mgk_', 'mgk_x', `mgk_${'A'.repeat(43)}`, `mgk_${'x'.repeat(5_000)}`, 'MGK_abc'])(
    'are refused whatever they look like: %s',
    async (secret) => {
      const { status, body } = await test.post(WAREHOUSES, { authorization: `Bearer ${secret}` });
      expect([status, body.errors[0].extensions.code, body.data]).toEqual([401, 'UNAUTHENTICATED', undefined]);
    },
  );
});
