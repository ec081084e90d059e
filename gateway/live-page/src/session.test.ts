import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from './session.ts';

const SERVER_TIME = '2026-11-20T10:00:00.000Z';
const MINUTE_MS = 60_000;

let asked: { query: string; variables: { refreshToken?: string } }[];
let answer: () => Response | Promise<Response>;
let number: number;
let lifetimeMs: number;
const onRenewed = vi.fn<() => void>();
const onEnded = vi.fn<() => void>();
let session: Session;

beforeEach(() => {
  vi.useFakeTimers();
  // This machine's clock is two hours behind the server's.
  vi.setSystemTime('2026-11-20T08:00:00.000Z');
  vi.clearAllMocks();
  asked = [];
  number = 0;
  lifetimeMs = 15 * MINUTE_MS;
  answer = tokens;
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    asked.push(JSON.parse(body) as (typeof asked)[number]);
    return answer();
  });
  session = new Session({ onRenewed, onEnded });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function says(data: unknown): Response {
  return Response.json({ data }, { headers: { date: new Date(SERVER_TIME).toUTCString() } });
}

function tokens(): Response {
  number += 1;
  const expiresAt = new Date(Date.parse(SERVER_TIME) + lifetimeMs).toISOString();
  const one = { session: { accessToken: `a${number}`, refreshToken: `r${number}`, expiresAt }, userErrors: [] };
  return says({ login: one, refreshSession: one });
}

const refuse = (): Response => says({ refreshSession: { session: null, userErrors: [{ message: 'Used before.' }] } });

describe('the session of the shop-floor page', () => {
  it('takes its next tokens a minute before the first ones end, by the clock of the server', async () => {
    expect(await session.signIn('a@b.example', 'secret')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(14 * MINUTE_MS - 1);
    expect([asked.length, await session.accessToken()]).toEqual([1, 'a1']);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.at(-1)!.variables).toEqual({ refreshToken: 'r1' });
    expect(await session.accessToken()).toBe('a2');
    expect(onRenewed).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(14 * MINUTE_MS);
    expect(asked.at(-1)!.variables).toEqual({ refreshToken: 'r2' });
  });

  it('uses a refresh token once, however many ask for another access token at the same time', async () => {
    await session.signIn('a@b.example', 'secret');
    // As after a sleep: the timer has not run, the token has ended.
    vi.setSystemTime(Date.now() + 60 * MINUTE_MS);
    expect(await Promise.all([session.accessToken(), session.accessToken(), session.renew()])).toEqual([
      'a2',
      'a2',
      true,
    ]);
    expect(asked.map(({ variables }) => variables.refreshToken)).toEqual([undefined, 'r1']);
  });

  it('does not ask over and over for tokens that live shorter than it would renew them before', async () => {
    lifetimeMs = 20_000;
    await session.signIn('a@b.example', 'secret');
    expect(await session.accessToken()).toBe('a1');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length).toBeLessThanOrEqual(8);
    expect(await session.accessToken()).toBe(`a${asked.length}`);
  });

  it('ends when its refresh token is no longer taken', async () => {
    await session.signIn('a@b.example', 'secret');
    answer = refuse;
    expect(await session.renew()).toBe(false);
    expect([session.isOpen, onEnded.mock.calls.length]).toEqual([false, 1]);
    await expect(session.accessToken()).rejects.toThrow('Nobody is signed in');
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(asked).toHaveLength(2);
  });

  it('tries again while the marketplace cannot be reached, and has not ended', async () => {
    await session.signIn('a@b.example', 'secret');
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await session.renew()).toBe(false);
    expect([session.isOpen, onEnded.mock.calls.length]).toEqual([true, 0]);
    answer = tokens;
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(await session.accessToken()).toBe('a2');
  });

  it('says why nobody was signed in, and is not open', async () => {
    answer = () => says({ login: { session: null, userErrors: [{ message: 'Wrong e-mail or password.' }] } });
    expect(await session.signIn('a@b.example', 'wrong')).toBe('Wrong e-mail or password.');
    expect(session.isOpen).toBe(false);
  });

  it('forgets its tokens when somebody signs out, also when nobody hears of it', async () => {
    await session.signIn('a@b.example', 'secret');
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    await session.signOut();
    expect(session.isOpen).toBe(false);
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(onEnded).not.toHaveBeenCalled();
  });
});
