import { removeExpiredSessions, sessionsRevokedSince } from '../store/sessions.ts';
import type { CommandDeps } from './deps.ts';

const BATCH = 500;

/** Forgets sessions that can neither be refreshed nor have a fresh access token; how many. */
export function cleanSessions({ orm, clock, tokens }: Pick<CommandDeps, 'orm' | 'clock' | 'tokens'>): Promise<number> {
  const before = new Date(clock.now().getTime() - tokens.acceptedForS * 1_000);
  return removeExpiredSessions(orm.em.fork(), before, BATCH);
}

/** Redis may have lost what it was told, or never heard it: the database tells it again. */
export async function restoreRevocations({
  orm,
  clock,
  tokens,
  revocations,
}: Pick<CommandDeps, 'orm' | 'clock' | 'tokens' | 'revocations'>): Promise<void> {
  const now = clock.now().getTime();
  const revoked = await sessionsRevokedSince(orm.em.fork(), new Date(now - tokens.acceptedForS * 1_000));
  for (const { id, revokedAt } of revoked) {
    const leftS = Math.ceil((revokedAt.getTime() - now) / 1_000) + tokens.acceptedForS;
    if (leftS > 0) await revocations.add(id, leftS);
  }
}
