import { accept, reject, type Result } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { readEmail, readPassword } from '../domain/credentials.ts';
import { findCredential, findUsers } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';
import { issueTokens, openSession } from './open-session.ts';
import type { SignedIn } from './register.ts';

/**
 * The same answer after the same work, whether it is the address or the
 * password that is wrong: nobody learns here who has an account.
 */
export async function login(
  deps: CommandDeps,
  credentials: { email: string; password: string },
): Promise<Result<SignedIn>> {
  const result = await signIn(deps, credentials);
  deps.counts.logins.of(result.ok ? 'ok' : 'refused').inc();
  return result;
}

async function signIn(
  deps: CommandDeps,
  { email, password }: { email: string; password: string },
): Promise<Result<SignedIn>> {
  const { orm, passwords, clock } = deps;
  const [address, secret] = [readEmail(email), readPassword(password)];
  // What cannot be anybody's needs no work: that tells nothing about accounts.
  if (!address.ok || !secret.ok) return refused();
  const credential = await findCredential(orm.em.fork(), address.value.key);
  const isRight = await passwords.verify(credential?.passwordHash ?? null, secret.value);
  if (!credential || !isRight) return refused();
  const { user, session } = await inTransaction(orm, async (em) => {
    const [user] = await findUsers(em, [credential.userId]);
    return { user: user!, session: await openSession(em, deps, { userId: credential.userId, now: clock.now() }) };
  });
  return accept({ user, session: await issueTokens(deps, session) });
}

function refused() {
  return reject('INVALID', 'E-mail address or password is wrong.');
}
