import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { readEmail, readPassword, readText } from '../domain/credentials.ts';
import { userRegistered } from '../events/out.ts';
import { addUser, nextEventSequence, type UserRow } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';
import {
  foundOrganization,
  type NewOrganization,
  type OrganizationInput,
  readOrganization,
} from './found-organization.ts';
import { issueTokens, openSession, type SessionTokens } from './open-session.ts';

export interface Register {
  email: string;
  password: string;
  displayName?: string | null;
  accountType: 'BUYER' | 'VENDOR' | 'ORGANIZATION';
  organization?: OrganizationInput | null;
  trace?: string;
}

export interface SignedIn {
  user: UserRow;
  session: SessionTokens;
}

export const MAX_DISPLAY_NAME = 100;

/** An account, its organization when it has one, and its first session: all or nothing. */
export async function register(deps: CommandDeps, command: Register): Promise<Result<SignedIn>> {
  const { orm, ids, clock, passwords } = deps;
  const email = readEmail(command.email);
  if (!email.ok) return email;
  const password = readPassword(command.password);
  if (!password.ok) return password;
  const displayName =
    command.displayName == null ? accept(null) : readText(command.displayName, ['displayName'], MAX_DISPLAY_NAME);
  if (!displayName.ok) return displayName;
  const organization = readTypedOrganization(command);
  if (!organization.ok) return organization;

  // Before the transaction: a hash takes longer than anything that holds a row should.
  const passwordHash = await passwords.hash(password.value);
  const opened = await inTransaction(orm, async (em) => {
    const now = clock.now();
    const user = await addUser(em, {
      id: ids.next('usr'),
      email: email.value,
      displayName: displayName.value,
      grantedRoles: ['BUYER'],
      passwordHash,
      now,
    });
    if (!user) return null;
    if (organization.value) {
      await foundOrganization(em, ids, { organization: organization.value, founderId: user.id, now });
    }
    const session = await openSession(em, deps, { userId: user.id, now });
    const fact = { userId: user.id, displayName: user.displayName, locale: user.locale };
    const event = userRegistered(fact, await nextEventSequence(em, user.id));
    await appendToOutbox(em, [event], { ids, now, trace: command.trace });
    return { user, session };
  });
  if (!opened) return reject('CONFLICT', 'There is an account with this e-mail address.', { field: ['email'] });
  return accept({ user: opened.user, session: await issueTokens(deps, opened.session) });
}

function readTypedOrganization({ accountType, organization }: Register): Result<NewOrganization | null> {
  const field = ['organization'];
  if (organization == null) {
    return accountType === 'ORGANIZATION'
      ? reject('INVALID', 'An account for an organization needs the organization.', { field })
      : accept(null);
  }
  if (accountType === 'BUYER') return reject('INVALID', 'A buyer has no organization.', { field });
  if (accountType === 'VENDOR' && organization.type !== 'SELLER') {
    return reject('INVALID', "A vendor's organization sells.", { field: [...field, 'type'] });
  }
  return readOrganization(organization, field);
}
