import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { principalChanged } from '../events/out.ts';
import { appendAudit } from '../store/audit.ts';
import { countMembershipsOfUser, type OrganizationRow } from '../store/organizations.ts';
import { lockUser, nextEventSequence } from '../store/users.ts';
import type { Cause, CommandDeps } from './deps.ts';
import { foundOrganization, type OrganizationInput, readOrganization } from './found-organization.ts';

/** All of a user's seats travel in the access token. */
const MAX_ORGANIZATIONS = 20;

export async function createOrganization(
  deps: CommandDeps,
  { organization: input, cause }: { organization: OrganizationInput; cause: Cause },
): Promise<Result<OrganizationRow>> {
  const { orm, ids, clock } = deps;
  const organization = readOrganization(input);
  if (!organization.ok) return organization;
  return inTransaction(orm, async (em): Promise<Result<OrganizationRow>> => {
    const user = await lockUser(em, cause.actorId);
    if (!user) return reject('NOT_FOUND', 'There is no such account.');
    if ((await countMembershipsOfUser(em, user.id)) >= MAX_ORGANIZATIONS) {
      return reject('LIMIT_EXCEEDED', `You belong to ${MAX_ORGANIZATIONS} organizations: there can be no more.`);
    }
    const now = clock.now();
    const row = await foundOrganization(em, ids, { organization: organization.value, founderId: user.id, now });
    const event = principalChanged(user.id, await nextEventSequence(em, user.id));
    await appendToOutbox(em, [event], { ids, now, trace: cause.trace });
    await appendAudit(
      em,
      {
        actorId: user.id,
        action: 'organization.created',
        subjectId: row.id,
        after: { name: row.name, type: row.type },
        requestId: cause.requestId,
      },
      { id: ids.next('aud'), now },
    );
    return accept(row);
  });
}
