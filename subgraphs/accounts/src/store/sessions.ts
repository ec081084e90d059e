import type { EntityManager } from '@marketgraph/platform/postgres';

export interface SessionRow {
  id: string;
  userId: string;
}

export interface RefreshTokenRow {
  tokenHash: string;
  sessionId: string;
  userId: string;
  expiresAt: Date | string;
  usedAt: Date | string | null;
  sealedSuccessor: string | null;
  isSuccessorUsed: boolean;
  isSessionRevoked: boolean;
}

export async function addSession(
  em: EntityManager,
  { id, userId, now, expiresAt }: SessionRow & { now: Date; expiresAt: Date },
): Promise<void> {
  await em.execute('insert into session (id, user_id, created_at, expires_at) values (?, ?, ?, ?)', [
    id,
    userId,
    now.toISOString(),
    expiresAt.toISOString(),
  ]);
}

export async function addRefreshToken(
  em: EntityManager,
  token: { tokenHash: string; sessionId: string; now: Date; expiresAt: Date },
): Promise<void> {
  await em.execute('insert into refresh_token (token_hash, session_id, issued_at, expires_at) values (?, ?, ?, ?)', [
    token.tokenHash,
    token.sessionId,
    token.now.toISOString(),
    token.expiresAt.toISOString(),
  ]);
}

/**
 * A refresh token with its family locked: the session's row is taken first, so
 * that refreshes and the logout of one session follow one another and each
 * decides on what the one before has left. By primary keys.
 */
export async function lockRefreshToken(em: EntityManager, tokenHash: string): Promise<RefreshTokenRow | null> {
  const [session] = await em.execute<unknown[]>(
    'select 1 from session where id = (select session_id from refresh_token where token_hash = ?) for update',
    [tokenHash],
  );
  if (!session) return null;
  const [row] = await em.execute<RefreshTokenRow[]>(
    `select token.token_hash as "tokenHash", token.session_id as "sessionId", session.user_id as "userId",
            token.expires_at as "expiresAt", token.used_at as "usedAt", token.sealed_successor as "sealedSuccessor",
            coalesce(successor.used_at is not null, false) as "isSuccessorUsed",
            session.revoked_at is not null as "isSessionRevoked"
       from refresh_token token
       join session on session.id = token.session_id
       left join refresh_token successor on successor.token_hash = token.successor_hash
      where token.token_hash = ?`,
    [tokenHash],
  );
  return row ?? null;
}

/** Exchanges a token for its successor. What sealed the token itself is of no more use and goes. */
export async function replaceRefreshToken(
  em: EntityManager,
  rotation: {
    tokenHash: string;
    sessionId: string;
    successorHash: string;
    sealedSuccessor: string;
    now: Date;
    expiresAt: Date;
  },
): Promise<void> {
  const { tokenHash, sessionId, successorHash, sealedSuccessor, now, expiresAt } = rotation;
  await em.execute(
    'update refresh_token set used_at = ?, successor_hash = ?, sealed_successor = ? where token_hash = ?',
    [now.toISOString(), successorHash, sealedSuccessor, tokenHash],
  );
  await em.execute('update refresh_token set sealed_successor = null where successor_hash = ?', [tokenHash]);
  await addRefreshToken(em, { tokenHash: successorHash, sessionId, now, expiresAt });
  await em.execute('update session set expires_at = ? where id = ?', [expiresAt.toISOString(), sessionId]);
}

/** Its user, or null when there is no such session or it was revoked before: of several who revoke, one has done it. */
export async function revokeSession(
  em: EntityManager,
  { id, because, now }: { id: string; because: 'LOGOUT' | 'REUSE'; now: Date },
): Promise<string | null> {
  const [row] = await em.execute<{ userId: string }[]>(
    `update session set revoked_at = ?, revoked_because = ? where id = ? and revoked_at is null
     returning user_id as "userId"`,
    [now.toISOString(), because, id],
  );
  return row?.userId ?? null;
}

export async function isSessionLive(em: EntityManager, { id, userId }: SessionRow, now: Date): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    'select 1 from session where id = ? and user_id = ? and revoked_at is null and expires_at > ?',
    [id, userId, now.toISOString()],
  );
  return rows.length > 0;
}

/** Sessions revoked since then: those whose access tokens may still be fresh. By the index `session_revoked_at`. */
export async function sessionsRevokedSince(em: EntityManager, since: Date): Promise<{ id: string; revokedAt: Date }[]> {
  const rows = await em.execute<{ id: string; revokedAt: Date | string }[]>(
    'select id, revoked_at as "revokedAt" from session where revoked_at > ? order by revoked_at desc limit 10000',
    [since.toISOString()],
  );
  return rows.map(({ id, revokedAt }) => ({ id, revokedAt: new Date(revokedAt) }));
}

/** Sessions nobody can refresh any more, with their tokens. By the index `session_expires_at`. */
export async function removeExpiredSessions(em: EntityManager, before: Date, limit: number): Promise<number> {
  const rows = await em.execute<unknown[]>(
    `delete from session where id in (select id from session where expires_at < ? order by expires_at limit ?)
     returning 1`,
    [before.toISOString(), limit],
  );
  return rows.length;
}
