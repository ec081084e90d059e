import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anonymous } from '@marketgraph/platform/graphql';
import { internalTokenSigner } from '@marketgraph/platform/serve';
import { until } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask } from '../../support/raw-graph.ts';
import type { AccessCast } from '../access/cast-of-access.ts';
import { inDatabase } from './database.ts';

const PASSWORD = 'a long enough secret';
const REGISTER = 'mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }';
const SESSION = 'session { accessToken refreshToken } userErrors { code message }';
const LOGIN = `mutation($input: LoginInput!) { login(input: $input) { ${SESSION} } }`;
const REFRESH = `mutation($token: String!) { refreshSession(refreshToken: $token) { ${SESSION} } }`;
const WHO = '{ me { id } }';
const REFUSED = { status: 401, codes: ['UNAUTHENTICATED'], data: null };
/** What the table grants a change until it is known everywhere. */
const PATIENCE_MS = 60_000;

interface Session {
  accessToken: string;
  refreshToken: string;
}

interface SignedIn {
  session: Session | null;
  userErrors: { code: string }[];
}

interface Visitor extends Session {
  userId: string;
  email: string;
}

async function signIn(url: string, email: string): Promise<Session> {
  const { data } = await ask<{ login: SignedIn }>(url, LOGIN, { variables: { input: { email, password: PASSWORD } } });
  return data!.login.session!;
}

async function aVisitor({ market }: AccessCast, { roles }: { roles?: string } = {}): Promise<Visitor> {
  const email = `visitor-${randomBytes(6).toString('hex')}@story.example`;
  const input = { email, password: PASSWORD, displayName: 'Visitor', accountType: 'BUYER' };
  const { data } = await ask<{ register: { user: { id: string } } }>(market.url, REGISTER, { variables: { input } });
  const userId = data!.register.user.id;
  if (roles)
    await inDatabase(market, 'accounts', 'update account set granted_roles = $2 where id = $1', [userId, roles]);
  return { userId, email, ...(await signIn(market.url, email)) };
}

async function refresh(url: string, token: string): Promise<SignedIn> {
  const { data } = await ask<{ refreshSession: SignedIn }>(url, REFRESH, { variables: { token } });
  return data!.refreshSession;
}

/** A socket that is open as this visitor; resolves to the code it was closed with. */
async function socketOf(url: string, accessToken: string): Promise<{ code(): number | undefined; terminate(): void }> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  let code: number | undefined;
  let isOpen = false;
  socket.on('error', () => undefined);
  socket.on('open', () =>
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${accessToken}` } })),
  );
  socket.on('message', () => {
    isOpen = true;
  });
  socket.on('close', (closed) => {
    code = closed;
  });
  await until(() => isOpen, { what: 'the acknowledgement' });
  return { code: () => code, terminate: () => socket.terminate() };
}

export function itKnowsTokensFromTokens(cast: () => AccessCast): void {
  describe('one token in the place of another', () => {
    it('24 a refresh token opens nothing', async () => {
      const { market } = cast();
      const { refreshToken } = await aVisitor(cast());
      expect(await ask(market.url, WHO, { token: refreshToken })).toMatchObject(REFUSED);
    });

    it('24 an access token, and anything else, is exchanged for nothing', async () => {
      const { market } = cast();
      const { accessToken } = await aVisitor(cast());
      for (const token of [accessToken, '', 'x'.repeat(10_000), `${accessToken}\n`, "' or 1=1 --"]) {
        const { session, userErrors } = await refresh(market.url, token);
        expect([session, userErrors.map(({ code }) => code)], token.slice(0, 20)).toEqual([null, ['INVALID']]);
      }
    });

    it('24 what the gateway shows to subgraphs is nothing at its own door', async () => {
      const { market } = cast();
      const { services } = JSON.parse(readFileSync(join(market.dataDir, 'keys.json'), 'utf8')) as {
        services: Record<string, Parameters<typeof internalTokenSigner>[0]>;
      };
      const gateway = await internalTokenSigner(services['gateway']!);
      for (const audience of ['accounts', 'orders', 'gateway', 'marketgraph']) {
        for (const viewer of [anonymous, { kind: 'service', service: 'gateway' } as const]) {
          const token = await gateway.tokenFor(audience, viewer);
          expect(await ask(market.url, WHO, { token })).toMatchObject(REFUSED);
        }
      }
    });
  });

  describe('a refresh token in two hands', () => {
    it('25 ends the session for both: every token of the family, and no other session', async () => {
      const { market } = cast();
      const visitor = await aVisitor(cast());
      const elsewhere = await signIn(market.url, visitor.email);
      const second = (await refresh(market.url, visitor.refreshToken)).session!;
      const third = (await refresh(market.url, second.refreshToken)).session!;
      const open = await socketOf(market.url, third.accessToken);
      try {
        for (const token of [visitor.refreshToken, second.refreshToken]) {
          const reused = await ask(market.url, REFRESH, { variables: { token } });
          expect(reused).toMatchObject({ status: 401, data: null, codes: ['REFRESH_REUSED'] });
        }
        const last = await refresh(market.url, third.refreshToken);
        expect([last.session, last.userErrors.map(({ code }) => code)]).toEqual([null, ['INVALID']]);
        for (const token of [visitor.accessToken, second.accessToken, third.accessToken]) {
          expect(await ask(market.url, WHO, { token })).toMatchObject(REFUSED);
        }
        expect(await until(() => open.code(), { what: 'the socket closed' })).toBe(4403);
        expect((await ask(market.url, WHO, { token: elsewhere.accessToken })).codes).toEqual([]);
      } finally {
        open.terminate();
      }
    });
  });
}

/** People who lose what they were while other things are tried: it may take a minute until that is known everywhere. */
export interface Fallen {
  gone: readonly { visitor: Visitor; socket: Awaited<ReturnType<typeof socketOf>> }[];
  demoted: Visitor;
  leave(): void;
}

const LOG = '{ auditLog(first: 1) { edges { cursor } } }';

/** One is deleted, one banned, one no operator any more: in the store alone, without an event that tells of it. */
export async function letThreeFall(cast: AccessCast): Promise<Fallen> {
  const { market } = cast;
  const [deleted, banned, demoted] = await Promise.all([
    aVisitor(cast),
    aVisitor(cast),
    aVisitor(cast, { roles: '{BUYER,OPERATOR}' }),
  ]);
  const gone = await Promise.all(
    [deleted, banned].map(async (visitor) => ({ visitor, socket: await socketOf(market.url, visitor.accessToken) })),
  );
  for (const { accessToken: token } of [deleted, banned]) {
    expect((await ask(market.url, WHO, { token })).codes).toEqual([]);
  }
  expect((await ask(market.url, LOG, { token: demoted.accessToken })).codes).toEqual([]);

  await inDatabase(market, 'accounts', 'delete from account where id = $1', [deleted.userId]);
  const ban = `update session set revoked_at = now(), revoked_because = 'BAN' where user_id = $1`;
  await inDatabase(market, 'accounts', ban, [banned.userId]);
  await inDatabase(market, 'accounts', `update account set granted_roles = '{BUYER}' where id = $1`, [demoted.userId]);
  return {
    gone,
    demoted,
    leave: () => {
      for (const { socket } of gone) socket.terminate();
    },
  };
}

export function itNoticesWhoFell(cast: () => AccessCast, fallen: () => Fallen): void {
  it(
    '26 deleted, banned or demoted, without any event of it: refused within a minute, on open sockets too',
    async () => {
      const { market } = cast();
      const { gone, demoted } = fallen();
      const patience = { timeoutMs: PATIENCE_MS, intervalMs: 500 };
      for (const { visitor, socket } of gone) {
        await until(async () => (await ask(market.url, WHO, { token: visitor.accessToken })).status === 401, patience);
        expect(await until(() => socket.code(), patience)).toBe(4403);
      }
      await until(
        async () => (await ask(market.url, LOG, { token: demoted.accessToken })).codes.join() === 'FORBIDDEN',
        patience,
      );
    },
    3 * PATIENCE_MS,
  );
}
