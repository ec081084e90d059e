/** A tab that lost the race to refresh gets what the other one got, if it comes within this time. */
export const GRACE_MS = 10_000;

export interface RefreshTokenState {
  expiresAt: Date;
  /** When it was exchanged for its successor. */
  usedAt: Date | null;
  /** Whether the successor has been exchanged in its turn. */
  isSuccessorUsed: boolean;
  isSessionRevoked: boolean;
}

/**
 * `rotate`: exchange it. `repeat`: the same successor once more. `reuse`: two
 * hold this token, and one of them is a thief: the family ends. `refuse`: it is
 * worth nothing any more.
 */
export type RefreshDecision = 'rotate' | 'repeat' | 'reuse' | 'refuse';

export function decideRefresh(token: RefreshTokenState, now: Date): RefreshDecision {
  const { expiresAt, usedAt, isSuccessorUsed, isSessionRevoked } = token;
  if (isSessionRevoked || expiresAt <= now) return 'refuse';
  if (usedAt === null) return 'rotate';
  const isRace = !isSuccessorUsed && now.getTime() - usedAt.getTime() <= GRACE_MS;
  return isRace ? 'repeat' : 'reuse';
}
