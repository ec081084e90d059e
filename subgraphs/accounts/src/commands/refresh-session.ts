import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import {
  hashRefreshToken,
  isRefreshToken,
  newRefreshToken,
  openSuccessor,
  sealSuccessor,
} from '../clients/refresh-tokens.ts';
import { decideRefresh } from '../domain/refresh.ts';
import { appendAudit } from '../store/audit.ts';
import { lockRefreshToken, type RefreshTokenRow, replaceRefreshToken } from '../store/sessions.ts';
import { findUsers } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';
import { issueTokens, type OpenedSession, readPrincipal, refreshExpiry } from './open-session.ts';
import type { SignedIn } from './register.ts';
import { endSession, tellRevoked } from './revoke-session.ts';

export interface RefreshSession {
  refreshToken: string;
  requestId: string;
  trace?: string;
}

type Outcome =
  | { kind: 'refused' }
  /** The token has been used before; its session has ended long since. */
  | { kind: 'usedUp' }
  | { kind: 'reused'; sessionId: string }
  | { kind: 'open'; session: OpenedSession };

/**
 * Exchanges a refresh token for its successor. A token that comes twice is in
 * two hands: then the session ends for both, unless it is the race of two tabs.
 */
export async function refreshSession(deps: CommandDeps, command: RefreshSession): Promise<Result<SignedIn>> {
  if (!isRefreshToken(command.refreshToken)) return refused();
  const outcome = await inTransaction(deps.orm, (em) => exchange(em, deps, command));
  if (outcome.kind === 'reused') {
    deps.counts.refreshReuses.inc();
    await tellRevoked(deps, outcome.sessionId);
  }
  if (outcome.kind === 'reused' || outcome.kind === 'usedUp') return reused();
  if (outcome.kind !== 'open') return refused();
  const [user] = await findUsers(deps.orm.em.fork(), [outcome.session.userId]);
  return accept({ user: user!, session: await issueTokens(deps, outcome.session) });
}

async function exchange(em: EntityManager, deps: CommandDeps, command: RefreshSession): Promise<Outcome> {
  const token = await lockRefreshToken(em, hashRefreshToken(command.refreshToken));
  if (!token) return { kind: 'refused' };
  const now = deps.clock.now();
  const { sessionId, userId } = token;
  switch (decideRefresh(stateOf(token), now)) {
    case 'refuse':
      return { kind: token.usedAt === null ? 'refused' : 'usedUp' };
    case 'reuse':
      await endSession(em, deps, { sessionId, because: 'REUSE', now, trace: command.trace });
      await appendAudit(
        em,
        {
          actorId: null,
          action: 'session.reuseDetected',
          subjectId: userId,
          after: { sessionId },
          requestId: command.requestId,
        },
        { id: deps.ids.next('aud'), now },
      );
      return { kind: 'reused', sessionId };
    case 'repeat': {
      const refreshToken = openSuccessor(token.sealedSuccessor!, command.refreshToken);
      return { kind: 'open', session: { sessionId, userId, refreshToken, principal: await readPrincipal(em, userId) } };
    }
    case 'rotate': {
      const refreshToken = newRefreshToken();
      await replaceRefreshToken(em, {
        tokenHash: token.tokenHash,
        sessionId,
        successorHash: hashRefreshToken(refreshToken),
        sealedSuccessor: sealSuccessor(refreshToken, command.refreshToken),
        now,
        expiresAt: refreshExpiry(now, deps.refreshTokenTtlS),
      });
      return { kind: 'open', session: { sessionId, userId, refreshToken, principal: await readPrincipal(em, userId) } };
    }
  }
}

function stateOf({ expiresAt, usedAt, isSuccessorUsed, isSessionRevoked }: RefreshTokenRow) {
  return {
    expiresAt: new Date(expiresAt),
    usedAt: usedAt === null ? null : new Date(usedAt),
    isSuccessorUsed,
    isSessionRevoked,
  };
}

function reused() {
  return reject('REFRESH_REUSED', 'This token has been used before, so its session is over. Sign in again.');
}

function refused() {
  return reject('INVALID', 'This session is over. Sign in again.', { field: ['refreshToken'] });
}
