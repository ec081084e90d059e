import { anonymous } from '@marketgraph/platform/graphql';
import { testClock } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEmail, eventsOf, type Harness, refresh, register, startHarness, viewerOf } from './harness.ts';

let harness: Harness;
const clock = testClock();

beforeAll(async () => {
  harness = await startHarness({ clock });
});
afterAll(() => harness?.stop());

const newSession = async () => (await register(harness, { email: anEmail() })).session!;

const liveTokens = async (sessionId: string): Promise<number> => {
  const [row] = await harness.db.em.fork().execute<{ n: number }[]>(
    `select count(*)::int as n from refresh_token token join session on session.id = token.session_id
      where session_id = ? and used_at is null and revoked_at is null`,
    [sessionId],
  );
  return row!.n;
};

describe('refreshing', () => {
  it('exchanges the token for another of the same session', async () => {
    const first = await newSession();
    clock.advance(60_000);
    const second = await refresh(harness, first.refreshToken);
    expect(second.userErrors).toEqual([]);
    expect(second.session!.refreshToken).not.toBe(first.refreshToken);
    const [before, after] = [viewerOf(first.accessToken), viewerOf(second.session!.accessToken)];
    expect(after).toEqual(before);
    expect(second.user?.id).toBe(before.userId);
    expect(await liveTokens(after.sessionId)).toBe(1);
  });

  it('keeps no token in the database', async () => {
    const { refreshToken } = await newSession();
    const successor = (await refresh(harness, refreshToken)).session!.refreshToken;
    const rows = await harness.db.em.fork().execute<unknown[]>('select * from refresh_token');
    expect(JSON.stringify(rows)).not.toContain(refreshToken);
    expect(JSON.stringify(rows)).not.toContain(successor);
  });

  it('gives twenty tabs that refresh at the same time the same successor', async () => {
    const { refreshToken, accessToken } = await newSession();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(harness, refreshToken)));
    expect(new Set(answers.map(({ session }) => session?.refreshToken)).size).toBe(1);
    expect(await liveTokens(viewerOf(accessToken).sessionId)).toBe(1);
    clock.advance(10_000);
    expect((await refresh(harness, refreshToken)).session?.refreshToken).toBe(answers[0]!.session!.refreshToken);
  });

  it('ends the session for both when a used token comes back later', async () => {
    const { refreshToken, accessToken } = await newSession();
    const { sessionId, userId } = viewerOf(accessToken);
    const stolen = (await refresh(harness, refreshToken)).session!;
    clock.advance(10_001);
    const replays = await Promise.all(Array.from({ length: 5 }, () => refresh(harness, refreshToken)));
    for (const { session, userErrors } of replays) {
      expect([session, userErrors.map(({ code }) => code)]).toEqual([null, ['REFRESH_REUSED']]);
    }
    expect(await refresh(harness, stolen.refreshToken)).toEqual({
      user: null,
      session: null,
      userErrors: [{ code: 'INVALID', message: 'This session is over. Sign in again.', field: ['refreshToken'] }],
    });
    expect(await liveTokens(sessionId)).toBe(0);
    expect(await harness.redis.exists(`accounts:revoked:${sessionId}`)).toBe(1);
    const revoked = (await eventsOf(harness, userId)).filter(({ name }) => name === 'accounts.sessionRevoked');
    expect(revoked).toHaveLength(1);
    const audited = await harness.db.em
      .fork()
      .execute<unknown[]>("select 1 from audit_log where action = 'session.reuseDetected' and subject_id = ?", [
        userId,
      ]);
    expect(audited).toHaveLength(1);
  });

  it('leaves the other sessions of the user alone', async () => {
    const email = anEmail();
    const phone = (await register(harness, { email })).session!;
    const query = 'mutation($input: LoginInput!) { login(input: $input) { session { accessToken refreshToken } } }';
    const { login } = await harness.ask<{ login: { session: { refreshToken: string } } }>(anonymous, query, {
      input: { email, password: 'correct horse battery' },
    });
    await refresh(harness, phone.refreshToken);
    clock.advance(20_000);
    await refresh(harness, phone.refreshToken);
    expect((await refresh(harness, login.session.refreshToken)).userErrors).toEqual([]);
  });

  it.each(['', 'nonsense', 'x'.repeat(43), 'x'.repeat(100_000)])('refuses %.20s', async (token) => {
    expect((await refresh(harness, token)).userErrors[0]).toMatchObject({ code: 'INVALID', field: ['refreshToken'] });
  });

  it('refuses a token whose time is over', async () => {
    const { refreshToken } = await newSession();
    clock.advance(harness.config.refreshTokenTtlS * 1_000);
    expect((await refresh(harness, refreshToken)).session).toBeNull();
  });

  it('A2 never leaves two live tokens in one family, whatever is refreshed and replayed at the same time', async () => {
    /** Each step: tokens of the family (by age) that are sent at once, and the pause before. */
    const step = fc.record({
      tokens: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 }),
      pauseMs: fc.constantFrom(0, 1, 9_999, 10_001),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { refreshToken, accessToken } = await newSession();
        const { sessionId } = viewerOf(accessToken);
        const given = [refreshToken];
        let isOver = false;
        for (const { tokens, pauseMs } of steps) {
          clock.advance(pauseMs);
          const sent = tokens.map((age) => given[age % given.length]!);
          const answers = await Promise.all(sent.map((token) => refresh(harness, token)));
          const got = new Set(answers.flatMap(({ session }) => (session ? [session.refreshToken] : [])));
          for (const token of got) if (!given.includes(token)) given.push(token);
          const live = await liveTokens(sessionId);
          expect(live).toBeLessThanOrEqual(1);
          // What has ended stays so.
          if (isOver) expect([got.size, live]).toEqual([0, 0]);
          isOver = live === 0;
        }
      }),
      { numRuns: 25 },
    );
  });
});
