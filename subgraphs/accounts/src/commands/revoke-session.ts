import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { sessionRevoked } from '../events/out.ts';
import { revokeSession } from '../store/sessions.ts';
import { nextEventSequence } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';

/** Ends a session. False when it had ended already. */
export async function logout(
  deps: CommandDeps,
  { sessionId, trace }: { sessionId: string; trace?: string },
): Promise<boolean> {
  const ended = await inTransaction(deps.orm, (em) =>
    endSession(em, deps, { sessionId, because: 'LOGOUT', now: deps.clock.now(), trace }),
  );
  await tellRevoked(deps, sessionId);
  return ended;
}

/** In the caller's transaction, which tells Redis when it has committed. */
export async function endSession(
  em: EntityManager,
  { ids }: Pick<CommandDeps, 'ids'>,
  { sessionId, because, now, trace }: { sessionId: string; because: 'LOGOUT' | 'REUSE'; now: Date; trace?: string },
): Promise<boolean> {
  const userId = await revokeSession(em, { id: sessionId, because, now });
  if (userId === null) return false;
  const event = sessionRevoked({ userId, sessionId }, await nextEventSequence(em, userId));
  await appendToOutbox(em, [event], { ids, now, trace });
  return true;
}

export async function tellRevoked(
  { revocations, tokens }: Pick<CommandDeps, 'revocations' | 'tokens'>,
  sessionId: string,
): Promise<void> {
  await revocations.add(sessionId, tokens.acceptedForS);
}
