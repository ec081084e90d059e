import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { readEmail, readPassword } from '../domain/credentials.ts';
import { principalChanged } from '../events/out.ts';
import { addUser, findCredential, grantRoles, nextEventSequence } from '../store/users.ts';
import { appendAudit } from '../store/audit.ts';
import type { CommandDeps } from './deps.ts';

const OPERATOR_ROLES = ['OPERATOR', 'MODERATOR'];

/**
 * The first operator, so that somebody can approve the first vendor. An account
 * that has the address already becomes one only if it has the password too:
 * nobody gets there by registering the address first.
 */
export async function ensureOperator(deps: CommandDeps, operator: { email: string; password: string }): Promise<void> {
  const { orm, ids, clock, passwords, log } = deps;
  const [email, password] = [readEmail(operator.email), readPassword(operator.password)];
  if (!email.ok) throw new Error(`OPERATOR_EMAIL: ${email.rejection.message}`);
  if (!password.ok) throw new Error(`OPERATOR_PASSWORD: ${password.rejection.message}`);
  const known = await findCredential(orm.em.fork(), email.value.key);
  if (known && !(await passwords.verify(known.passwordHash, password.value))) {
    log.warn('the account of OPERATOR_EMAIL has another password; it is left as it is');
    return;
  }
  const passwordHash = known?.passwordHash ?? (await passwords.hash(password.value));
  await inTransaction(orm, async (em) => {
    const now = clock.now();
    const added = known
      ? null
      : await addUser(em, {
          id: ids.next('usr'),
          email: email.value,
          displayName: 'Operator',
          grantedRoles: ['BUYER', ...OPERATOR_ROLES],
          passwordHash,
          now,
        });
    const userId = added?.id ?? known?.userId;
    // Another process was quicker: it has done this.
    if (userId === undefined || (!added && !(await grantRoles(em, userId, OPERATOR_ROLES)))) return;
    await appendToOutbox(em, [principalChanged(userId, await nextEventSequence(em, userId))], { ids, now });
    await appendAudit(
      em,
      {
        actorId: null,
        action: 'operator.appointed',
        subjectId: userId,
        after: { roles: OPERATOR_ROLES },
        requestId: null,
      },
      { id: ids.next('aud'), now },
    );
  });
}
