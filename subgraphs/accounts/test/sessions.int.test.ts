import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anonymous } from '@marketgraph/platform/graphql';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anEmail,
  eventsOf,
  gateway,
  type Harness,
  ids,
  login,
  OPERATOR,
  PASSWORD,
  refresh,
  register,
  signedIn,
  startHarness,
  theOperator,
  viewerOf,
} from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness?.stop());

const principalOf = async ({ userId, sessionId }: { userId: string; sessionId: string }) =>
  (
    await harness.ask<{ principal: { active: boolean; roles: string[]; memberships: unknown[] } | null }>(
      gateway,
      'query($userId: ID!, $sessionId: ID!) { principal(userId: $userId, sessionId: $sessionId) }',
      { userId, sessionId },
    )
  ).principal;

const keySet = async () => (await harness.ask<{ signingKeys: JSONWebKeySet }>(gateway, '{ signingKeys }')).signingKeys;

const verified = async (token: string) =>
  jwtVerify(token, createLocalJWKSet(await keySet()), {
    algorithms: ['EdDSA'],
    typ: 'at+jwt',
    issuer: 'marketgraph-accounts',
    audience: 'marketgraph',
  });

describe('registration', () => {
  it('A1 gives a session whose bearer is the user', async () => {
    const email = anEmail();
    const answer = await register(harness, { email, displayName: 'Bea' });
    expect(answer).toMatchObject({ user: { email, displayName: 'Bea', roles: ['BUYER'] }, userErrors: [] });
    const again = await login(harness, email);
    const viewer = viewerOf(again.session!.accessToken);
    const { me } = await harness.ask<{ me: unknown }>(viewer, '{ me { id email displayName roles } }');
    expect(me).toEqual(answer.user);
    expect((await eventsOf(harness, answer.user!.id))[0]).toEqual({
      name: 'accounts.userRegistered',
      sequence: 1,
      payload: { userId: answer.user!.id, displayName: 'Bea', locale: null },
    });
  });

  it('A5 lets exactly one of twenty who register the same address at once in, whatever its case', async () => {
    const spellings = ['Same@Test.Example', 'same@test.example', ' SAME@TEST.EXAMPLE ', 'ｓame@test.example'];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => register(harness, { email: spellings[index % spellings.length] })),
    );
    expect(answers.filter(({ user }) => user !== null)).toHaveLength(1);
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'CONFLICT')).toHaveLength(19);
    const [count] = await harness.db.em
      .fork()
      .execute<{ n: number }[]>("select count(*)::int as n from account where email_key = 'same@test.example'");
    expect(count!.n).toBe(1);
  });

  it('A5 keeps passwords as argon2id and shows them nowhere', async () => {
    const { user } = await register(harness, { email: anEmail() });
    const [row] = await harness.db.em
      .fork()
      .execute<{ hash: string }[]>('select password_hash as hash from credential where user_id = ?', [user!.id]);
    expect(row!.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(harness.subgraph.sdl).not.toMatch(/password_?hash/i);
  });

  it.each([
    [{ email: 'nobody' }, ['email']],
    [{ email: 'a@b' }, ['email']],
    [{ email: `${'a'.repeat(250)}@test.example` }, ['email']],
    [{ email: 'in\u200bvisible@test.example' }, ['email']],
    [{ password: 'seven77' }, ['password']],
    [{ password: 'x'.repeat(129) }, ['password']],
    [{ password: 'nul\0in the middle' }, ['password']],
    [{ password: 'zero\u200bwidth space' }, ['password']],
    [{ displayName: 'a\0b' }, ['displayName']],
    [{ displayName: '  ' }, ['displayName']],
    [{ accountType: 'ORGANIZATION' }, ['organization']],
    [{ organization: { name: 'Mine', type: 'BUYER' } }, ['organization']],
    [{ accountType: 'VENDOR', organization: { name: 'Mine', type: 'BUYER' } }, ['organization', 'type']],
    [{ accountType: 'VENDOR', organization: { name: '\0', type: 'SELLER' } }, ['organization', 'name']],
  ])('A1 refuses %j and leaves nothing behind', async (input, field) => {
    const email = anEmail();
    const answer = await register(harness, { email, ...input });
    expect(answer).toMatchObject({ user: null, session: null, userErrors: [{ code: 'INVALID', field }] });
    expect((await login(harness, email)).user).toBeNull();
  });

  it('A1 accepts the longest password and counts each character of it', async () => {
    const email = anEmail();
    const password = `${'💡'.repeat(127)}x`;
    expect((await register(harness, { email, password })).userErrors).toEqual([]);
    expect((await login(harness, email, `${'💡'.repeat(127)}y`)).user).toBeNull();
    expect((await login(harness, email, password)).user).not.toBeNull();
  });
});

describe('login', () => {
  it('A1 answers a wrong password and an unknown address with the same words', async () => {
    const email = anEmail();
    await register(harness, { email });
    const wrong = await login(harness, email, 'not the password');
    const unknown = await login(harness, anEmail(), PASSWORD);
    const impossible = await login(harness, 'nobody', 'short');
    expect(wrong.userErrors[0]?.code).toBe('INVALID');
    expect(wrong.session).toBeNull();
    expect(unknown).toEqual(wrong);
    expect(impossible).toEqual(wrong);
  });

  it('A3 signs a token that any holder of the public keys can verify, for 15 minutes', async () => {
    const { user, session } = await register(harness, { email: anEmail() });
    const { payload, protectedHeader } = await verified(session!.accessToken);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: 'test-key' });
    expect(payload).toMatchObject({ sub: user!.id, roles: ['BUYER'], mem: [] });
    expect(payload.exp! - payload.iat!).toBe(900);
    expect(new Date(session!.expiresAt).getTime()).toBe(payload.exp! * 1_000);
    expect(await principalOf(viewerOf(session!.accessToken))).toEqual({
      active: true,
      roles: ['BUYER'],
      memberships: [],
    });
  });

  it('gives the keys away without their private halves, at the well-known path too', async () => {
    const keys = await keySet();
    expect(keys.keys[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519', kid: 'test-key' });
    expect(JSON.stringify(keys)).not.toContain('"d"');
    const route = harness.subgraph.routes[0]!;
    const server = createServer((request, response) => void route.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}${route.prefix}`);
      expect(await response.json()).toEqual(keys);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it.each(['{ signingKeys }', '{ principal(userId: "usr_1", sessionId: "ses_1") }'])(
    'A4 keeps %s from everybody but the gateway',
    async (query) => {
      const operator = await theOperator(harness);
      const orders = { kind: 'service', service: 'orders' } as const;
      for (const viewer of [anonymous, operator, orders]) {
        await expect(harness.ask(viewer, query)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      }
    },
  );
});

describe('sessions', () => {
  it('A3 outlive the process: the same token is good after a restart, and a revoked one is not', async () => {
    const kept = await register(harness, { email: anEmail() });
    const ended = viewerOf((await register(harness, { email: anEmail() })).session!.accessToken);
    await harness.ask(ended, 'mutation { logout { success } }');
    // Whatever Redis forgets, the database knows.
    await harness.redis.del(`accounts:revoked:${ended.sessionId}`);
    await harness.restart();
    const { payload } = await verified(kept.session!.accessToken);
    expect(payload.sub).toBe(kept.user!.id);
    expect(await principalOf(viewerOf(kept.session!.accessToken))).toMatchObject({ active: true });
    expect(await principalOf(ended)).toMatchObject({ active: false });
    expect(await harness.redis.exists(`accounts:revoked:${ended.sessionId}`)).toBe(1);
    expect((await refresh(harness, kept.session!.refreshToken)).userErrors).toEqual([]);
  });

  it('A3 are in Redis when revoked, for as long as their token lives', async () => {
    const { session } = await register(harness, { email: anEmail() });
    const viewer = viewerOf(session!.accessToken);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        harness.ask<{ logout: { success: boolean } }>(viewer, 'mutation { logout { success } }'),
      ),
    );
    expect(answers.filter(({ logout }) => logout.success)).toHaveLength(1);
    const ttl = await harness.redis.ttl(`accounts:revoked:${viewer.sessionId}`);
    // Its life, and as long as a clock may be behind that still takes it for good.
    expect(ttl).toBeGreaterThan(950);
    expect(ttl).toBeLessThanOrEqual(960);
    expect(await principalOf(viewer)).toMatchObject({ active: false });
    expect((await refresh(harness, session!.refreshToken)).userErrors[0]).toMatchObject({
      code: 'INVALID',
      field: ['refreshToken'],
    });
    const revoked = (await eventsOf(harness, viewer.userId)).filter(({ name }) => name === 'accounts.sessionRevoked');
    expect(revoked).toEqual([
      { name: 'accounts.sessionRevoked', sequence: 2, payload: { userId: viewer.userId, sessionId: viewer.sessionId } },
    ]);
  });

  it('of another user are no good with this user id', async () => {
    const [one, other] = [await register(harness, { email: anEmail() }), await register(harness, { email: anEmail() })];
    const { userId } = viewerOf(one.session!.accessToken);
    const { sessionId } = viewerOf(other.session!.accessToken);
    expect(await principalOf({ userId, sessionId })).toMatchObject({ active: false });
    expect(await principalOf({ userId: ids.next('usr'), sessionId })).toBeNull();
  });

  it('need somebody who is signed in to be ended', async () => {
    await expect(harness.ask(anonymous, 'mutation { logout { success } }')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});

describe('the first operator', () => {
  it('is there after start and still one after the next', async () => {
    await harness.restart();
    const operator = await theOperator(harness);
    expect(operator.roles).toEqual(expect.arrayContaining(['OPERATOR', 'MODERATOR']));
    const appointed = await harness.db.em
      .fork()
      .execute<unknown[]>("select 1 from audit_log where action = 'operator.appointed'");
    expect(appointed).toHaveLength(1);
  });

  it('is nobody who has only registered the address before', async () => {
    const stranger = await startHarness();
    try {
      await stranger.db.em.fork().execute('delete from account where email_key = ?', [OPERATOR.email]);
      const viewer = await signedIn(register(stranger, { email: OPERATOR.email, password: 'another password' }));
      await stranger.restart();
      expect(await signedIn(login(stranger, OPERATOR.email, 'another password'))).toMatchObject({
        userId: viewer.userId,
        roles: ['BUYER'],
      });
    } finally {
      await stranger.stop();
    }
  });
});
