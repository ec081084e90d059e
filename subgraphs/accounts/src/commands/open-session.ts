import type { EntityManager } from '@marketgraph/platform/postgres';
import { hashRefreshToken, newRefreshToken } from '../clients/refresh-tokens.ts';
import type { Principal } from '../domain/principal.ts';
import { addRefreshToken, addSession } from '../store/sessions.ts';
import { principalsOf } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';

/** What a client keeps: shown once, here. */
export interface SessionTokens {
  accessToken: string;
  refreshToken: string;
  expiresAt: Date;
}

/** A session as the transaction leaves it; the access token is signed once that has committed. */
export interface OpenedSession {
  sessionId: string;
  userId: string;
  refreshToken: string;
  principal: Principal;
}

export async function openSession(
  em: EntityManager,
  { ids, refreshTokenTtlS }: Pick<CommandDeps, 'ids' | 'refreshTokenTtlS'>,
  { userId, now }: { userId: string; now: Date },
): Promise<OpenedSession> {
  const sessionId = ids.next('ses');
  const refreshToken = newRefreshToken();
  const expiresAt = refreshExpiry(now, refreshTokenTtlS);
  await addSession(em, { id: sessionId, userId, now, expiresAt });
  await addRefreshToken(em, { tokenHash: hashRefreshToken(refreshToken), sessionId, now, expiresAt });
  return { sessionId, userId, refreshToken, principal: await readPrincipal(em, userId) };
}

export async function readPrincipal(em: EntityManager, userId: string): Promise<Principal> {
  const principal = (await principalsOf(em, [userId])).get(userId);
  if (!principal) throw new Error(`There is no account ${userId}.`);
  return principal;
}

export function refreshExpiry(now: Date, refreshTokenTtlS: number): Date {
  return new Date(now.getTime() + refreshTokenTtlS * 1_000);
}

export async function issueTokens(
  { tokens, clock }: Pick<CommandDeps, 'tokens' | 'clock'>,
  { sessionId, userId, refreshToken, principal }: OpenedSession,
): Promise<SessionTokens> {
  const { token, expiresAt } = await tokens.sign({ userId, sessionId, principal, now: clock.now() });
  return { accessToken: token, refreshToken, expiresAt };
}
