import { createHmac } from 'node:crypto';
import { connectRedis, closeRedis } from '@marketgraph/platform/redis';
import {
  generateServiceKey,
  httpTransport,
  internalTokenSigner,
  internalTokenVerifier,
  type RunningServer,
  serveSubgraph,
  SubgraphUnavailableError,
  type SubgraphTransport,
} from '@marketgraph/platform/serve';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { principalChanged, sessionRevoked } from '@marketgraph/schema/events/accounts';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { exportSPKI, importJWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { testSigner, type TokenWishes } from './support/tokens.ts';
import { toyShop } from './support/toy-shop.ts';

const BUYER = 'usr_01J00000000000000000000001';
const WHOAMI = { query: '{ whoami }' };

let stores: Stores;
let test: TestGateway;
const others: (() => Promise<void>)[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({ redisUrl: stores.redis.gateway });
});
afterEach(async () => {
  for (const stop of others.splice(0).toReversed()) await stop();
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

async function another(options: Partial<Parameters<typeof startTestGateway>[0]>): Promise<TestGateway> {
  const gateway = await startTestGateway({ redisUrl: stores.redis.gateway, ...options });
  others.push(() => gateway.stop());
  return gateway;
}

const withToken = async (wishes: TokenWishes = {}, at = test) => ({
  authorization: `Bearer ${await at.signer.token(wishes)}`,
});
const codeOf = (body: { errors?: { extensions: { code: string } }[] }) => body.errors?.[0]?.extensions.code;

describe('an access token', () => {
  it('makes the viewer, G2', async () => {
    const { status, body } = await test.post(WHOAMI, await withToken());
    expect([status, body]).toEqual([200, { data: { whoami: [BUYER, 'BUYER'] } }]);
  });

  it('X16 signed by either key is good while one key replaces the other, and by the old one no more after that', async () => {
    const [oldKey, newKey] = [await testSigner('key-old'), await testSigner('key-new')];
    const shop = toyShop();
    let now = new Date();
    const rotating = await another({ shop, signer: oldKey, clock: { now: () => now } });
    const whoami = async (signer: typeof oldKey) =>
      (await rotating.post(WHOAMI, { authorization: `Bearer ${await signer.token()}` })).status;
    expect(await whoami(oldKey)).toBe(200);
    shop.state.keys = [newKey.publicJwk, oldKey.publicJwk];
    now = new Date(now.getTime() + 11_000);
    expect([await whoami(newKey), await whoami(oldKey)]).toEqual([200, 200]);
    shop.state.keys = [newKey.publicJwk];
    now = new Date(now.getTime() + 11 * 60_000);
    expect([await whoami(newKey), await whoami(oldKey)]).toEqual([200, 401]);
  });

  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => ({
    iss: 'marketgraph-accounts',
    aud: 'marketgraph',
    sub: BUYER,
    sid: 'ses_1',
    roles: ['OPERATOR'],
    mem: [],
    iat: Math.floor(Date.now() / 1_000),
    exp: Math.floor(Date.now() / 1_000) + 600,
  });
  const forge = async (header: object, sign: (input: string) => string | Promise<string>) => {
    const input = `${b64({ typ: 'at+jwt', kid: 'key-1', ...header })}.${b64(claims())}`;
    return `${input}.${await sign(input)}`;
  };
  const hs256 = async () => {
    const pem = await exportSPKI((await importJWK(test.signer.publicJwk, 'EdDSA')) as never);
    return forge({ alg: 'HS256' }, (input) => createHmac('sha256', pem).update(input).digest('base64url'));
  };
  const edited = async () => {
    const [header, payload, signature] = (await test.signer.token()).split('.');
    const changed = { ...JSON.parse(Buffer.from(payload!, 'base64url').toString()), roles: ['OPERATOR'] };
    return [header, b64(changed), signature].join('.');
  };
  const ofAnotherKey = async (header: object) => {
    const mallory = await testSigner();
    return new SignJWT(claims())
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1', ...header })
      .sign(mallory.privateKey);
  };
  const internal = async () => {
    const { privateJwk } = await generateServiceKey('gateway');
    return (await internalTokenSigner(privateJwk)).tokenFor('marketgraph', { kind: 'service', service: 'gateway' });
  };
  const withClaims = (changes: object) => () =>
    new SignJWT({ ...claims(), ...changes })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1' })
      .sign(test.signer.privateKey);

  it.each<[string, () => string | Promise<string>]>([
    ['21 garbage', () => 'garbage'],
    ['21 three empty parts', () => '..'],
    ['21 100 KB', () => 'x'.repeat(10_000)],
    ['21 alg none', () => forge({ alg: 'none' }, () => '')],
    ['21 HS256 with the public key', hs256],
    ['23 an edited payload', edited],
    ['21 another key under a known kid', () => ofAnotherKey({})],
    ['21 a key of its own in the header', async () => ofAnotherKey({ jwk: (await testSigner()).publicJwk })],
    ['21 a key at an address of its own', () => ofAnotherKey({ jku: 'http://127.0.0.1:9/jwks', kid: 'evil' })],
    ['21 a critical header we do not know', () => forge({ alg: 'EdDSA', crit: ['exp'] }, () => 'AAAA')],
    ['21 an unknown kid', () => test.signer.token({ kid: 'key-9' })],
    ['22 another issuer', () => test.signer.token({ issuer: 'somebody' })],
    ['22 another audience', () => test.signer.token({ audience: 'other-graph' })],
    ['24 another type', () => test.signer.token({ typ: 'JWT' })],
    ['22 no expiry', () => test.signer.token({ withoutExpiry: true })],
    ['22 expired 61 s ago', () => test.signer.token({ lifetimeS: -61 })],
    ['22 not valid yet', () => test.signer.token({ notBeforeS: 120 })],
    ['22 signed in the future', withClaims({ iat: Math.floor(Date.now() / 1_000) + 120 })],
    ['22 signed nobody knows when', withClaims({ iat: undefined })],
    ['23 claims of the wrong shape', withClaims({ roles: 'OPERATOR' })],
    ['23 no session', withClaims({ sid: undefined })],
    ['24 an internal token', internal],
  ])('is refused with 401: %s', async (_, make) => {
    const { status, body, headers } = await test.post(WHOAMI, { authorization: `Bearer ${await make()}` });
    expect([status, codeOf(body), headers.get('www-authenticate')]).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    expect(body.data).toBeUndefined();
  });

  it('is refused in another scheme', async () => {
    expect((await test.post(WHOAMI, { authorization: 'Basic dXNlcjpwYXNz' })).status).toBe(401);
    expect((await test.post(WHOAMI, { authorization: 'Bearer' })).status).toBe(401);
  });

  it('of a new key works at its first use, without asking for every unknown one', async () => {
    const shop = toyShop();
    const fresh = await another({ shop });
    expect((await fresh.post(WHOAMI, await withToken({}, fresh))).status).toBe(200);
    const asked = () => shop.state.requests.filter(({ viewer }) => viewer.kind === 'service').length;
    const before = asked();
    for (let at = 0; at < 20; at += 1) {
      expect((await fresh.post(WHOAMI, await withToken({ kid: `unknown-${at}` }, fresh))).status).toBe(401);
    }
    expect(asked() - before).toBeLessThanOrEqual(1);
    const rotated = await another({ shop, signer: await testSigner('key-2') });
    expect((await rotated.post(WHOAMI, await withToken({}, rotated))).status).toBe(200);
  });
});

describe('what the token says is not the last word', () => {
  it('26 roles are those of now: after a change elsewhere, and after an own mutation', async () => {
    const wishes = { userId: 'usr_01J00000000000000000000011', sessionId: 'ses_11' };
    const headers = await withToken(wishes);
    const roles = async () => (await test.post(WHOAMI, headers)).body.data.whoami.slice(1);
    expect(await roles()).toEqual(['BUYER']);
    await test.post({ query: 'mutation { roleAdd(role: "VENDOR_ADMIN") }' }, headers);
    expect(await roles()).toEqual(['BUYER', 'VENDOR_ADMIN']);
    test.shop.state.principals.set('ses_11', { active: true, roles: ['MODERATOR'], memberships: [] });
    expect(await roles()).toEqual(['BUYER', 'VENDOR_ADMIN']);
    await test.publish([], {}, { domain: 'accounts', name: principalChanged.name, key: wishes.userId });
    await until(async () => (await roles()).includes('MODERATOR'));
  });

  it('26 a closed account is refused', async () => {
    test.shop.state.principals.set('ses_12', { active: false, roles: [], memberships: [] });
    test.shop.state.principals.set('ses_13', null);
    for (const sessionId of ['ses_12', 'ses_13']) {
      const headers = await withToken({ userId: 'usr_01J00000000000000000000012', sessionId });
      expect((await test.post(WHOAMI, headers)).status).toBe(401);
    }
  });

  it('a revoked session is refused, by its mark and by the event', async () => {
    const redis = await connectRedis(stores.redis.accounts, { log, name: 'test' });
    others.push(() => closeRedis(redis));
    const headers = await withToken({ sessionId: 'ses_14' });
    expect((await test.post(WHOAMI, headers)).status).toBe(200);
    await redis.set('accounts:revoked:ses_14', '1');
    expect((await test.post(WHOAMI, headers)).status).toBe(401);

    const userId = 'usr_01J00000000000000000000015';
    const gone = await withToken({ userId, sessionId: 'ses_15' });
    expect((await test.post(WHOAMI, gone)).status).toBe(200);
    test.shop.state.principals.set('ses_15', null);
    const payload = { userId, sessionId: 'ses_15' };
    await test.publish([], payload, { domain: 'accounts', name: sessionRevoked.name, key: userId });
    await until(async () => (await test.post(WHOAMI, gone)).status === 401);
  });

  it('accounts away: known keys go on, the token decides, and without keys nobody is let in as somebody', async () => {
    const started = await another({});
    const headers = await withToken({ roles: ['BUYER', 'SUPPORT'], sessionId: 'ses_16' }, started);
    const withoutKeys = await another({ shop: started.shop, signer: started.signer });
    expect((await started.post({ query: '{ warehouses }' }, headers)).status).toBe(200);
    started.shop.state.hanging.add('accounts');
    const other = await withToken({ userId: 'usr_01J00000000000000000000016', sessionId: 'ses_17' }, started);
    expect((await started.post({ query: '{ warehouses }' }, other)).body).toEqual({ data: { warehouses: 2 } });
    const refused = await withoutKeys.post({ query: '{ warehouses }' }, headers);
    expect([refused.status, codeOf(refused.body)]).toEqual([503, 'SUBGRAPH_UNAVAILABLE']);
    expect((await withoutKeys.post({ query: '{ warehouses }' })).status).toBe(200);
  });
});

describe('sign-in attempts', () => {
  const login = (email: string, count = 1) => ({
    query: `mutation { ${Array.from({ length: count }, (_, at) => `a${at}: login(input: { email: "${email}" })`).join(' ')} }`,
  });

  it('A11 27 are limited per account, whatever the spelling, and tell when to come back', async () => {
    const limited = await another({ config: { login: { perAccount: 5, perAddress: 1_000 } } });
    const email = `a${Date.now()}@demo.example`;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await limited.post(login(attempt % 2 ? email : email.toUpperCase()))).body.data).toEqual({ a0: true });
    }
    const { status, headers, body } = await limited.post(login(` ${email}`));
    expect([status, codeOf(body)]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body.errors[0].extensions.retryAfterSeconds).toBe(Number(headers.get('retry-after')));
    expect(limited.shop.state.logins).toBe(5);
    expect((await limited.post(login(`other-${email}`))).status).toBe(200);
    expect((await limited.post({ query: '{ warehouses }' })).status).toBe(200);
  });

  it('27 count each alias and each fragment, and variables like literals', async () => {
    const limited = await another({ config: { login: { perAccount: 5, perAddress: 1_000 } } });
    const email = `b${Date.now()}@demo.example`;
    expect((await limited.post(login(email, 6))).status).toBe(429);
    const query = `mutation($input: LoginInput!) { ...L } fragment L on Mutation { login(input: $input) }`;
    expect((await limited.post({ query, variables: { input: { email } } })).status).toBe(429);
    expect(limited.shop.state.logins).toBe(0);
  });

  it('are limited per address, shared by all gateways', async () => {
    const config = { login: { perAccount: 1_000, perAddress: 4 }, trustedProxies: 1 };
    const [a, b] = [await another({ config }), await another({ config })];
    const from = { 'x-forwarded-for': `evil, 10.1.${Date.now() % 250}.${process.pid % 250}` };
    for (const [at, gateway] of [a, b, a, b].entries()) {
      expect((await gateway.post(login(`c${at}@demo.example`), from)).status).toBe(200);
    }
    expect((await a.post(login('c9@demo.example'), from)).status).toBe(429);
    expect((await b.post(login('c9@demo.example'), from)).status).toBe(429);
    expect((await b.post(login('c9@demo.example'), { 'x-forwarded-for': '10.250.0.1' })).status).toBe(200);
  });
});

describe('G1 64 65 a subgraph of its own process', () => {
  it('answers the gateway, and nobody else', async () => {
    const shop = toyShop();
    const { privateJwk, publicJwk } = await generateServiceKey('gateway');
    const servers: Record<string, RunningServer> = {};
    for (const subgraph of shop.subgraphs) {
      const verify = await internalTokenVerifier(subgraph.name, { keys: [publicJwk as never] });
      servers[subgraph.name] = await serveSubgraph(subgraph, { host: '127.0.0.1', port: 0, verify, log });
      others.push(() => servers[subgraph.name]!.stop());
    }
    const urls = Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url]));
    const transport: SubgraphTransport = httpTransport({ urls, signer: await internalTokenSigner(privateJwk) });
    const gateway = await another({ shop, transport });

    const order = 'ord_01J00000000000000000000001';
    shop.state.orders.set(order, { buyerId: BUYER, status: 'CONFIRMED' });
    const query = `{ whoami node(id: "${order}") { ... on Order { status unitsLeft buyer { name } } } }`;
    const hostile = { 'x-user-id': 'usr_x', 'x-internal-viewer': '{"kind":"service"}', 'x-user-role': 'OPERATOR' };
    const { body } = await gateway.post({ query }, { ...hostile, ...(await withToken({}, gateway)) });
    const expected = { status: 'CONFIRMED', unitsLeft: 30, buyer: { name: '0001' } };
    expect(body).toEqual({ data: { whoami: [BUYER, 'BUYER'], node: expected } });

    const direct = (authorization?: string) =>
      fetch(`${urls['orders']}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...hostile, ...(authorization ? { authorization } : {}) },
        body: JSON.stringify({ query: `{ order(id: "${order}") { status } }` }),
      });
    const signer = await internalTokenSigner(privateJwk);
    const forAccounts = await signer.tokenFor('accounts', { kind: 'anonymous' });
    for (const authorization of [undefined, (await withToken({}, gateway)).authorization, `Bearer ${forAccounts}`]) {
      expect((await direct(authorization)).status).toBe(401);
    }

    await servers['inventory']!.stop();
    const partial = await gateway.post({ query }, await withToken({}, gateway));
    expect(partial.body.data.node).toEqual({ ...expected, unitsLeft: null });
    expect(codeOf(partial.body)).toBe('SUBGRAPH_UNAVAILABLE');
    const ready = await fetch(`${gateway.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, missing: ['inventory'] }]);
    await expect(
      transport.execute('nowhere', { query: '{ a }', viewer: { kind: 'anonymous' }, requestId: 'r' }),
    ).rejects.toThrow(SubgraphUnavailableError);
  });
});
