import { accept, reject, type Result } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { appendAudit } from '../store/audit.ts';
import { lockUser, savePrime, type UserRow } from '../store/users.ts';
import type { Cause, CommandDeps } from './deps.ts';

/** An operator's word. Said twice it is one change, and one audit entry. */
export async function setPrime(
  { orm, ids, clock }: Pick<CommandDeps, 'orm' | 'ids' | 'clock'>,
  { id, isPrime, cause }: { id: string; isPrime: boolean; cause: Cause },
): Promise<Result<UserRow>> {
  return inTransaction(orm, async (em): Promise<Result<UserRow>> => {
    const user = await lockUser(em, id);
    if (!user) return reject('NOT_FOUND', 'There is no such user.', { field: ['id'] });
    if (user.isPrime === isPrime) return accept(user);
    const saved = await savePrime(em, { id, isPrime });
    await appendAudit(
      em,
      {
        actorId: cause.actorId,
        action: 'user.primeSet',
        subjectId: id,
        before: { isPrime: user.isPrime },
        after: { isPrime },
        requestId: cause.requestId,
      },
      { id: ids.next('aud'), now: clock.now() },
    );
    return accept(saved);
  });
}
