import { pageRequest, requireRole, toConnection } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { auditPage } from '../store/audit.ts';
import { AuditFilter } from './account.input.ts';
import { User } from './account.type.ts';
import { AuditLogConnection, AuditLogEntry } from './audit.type.ts';
import type { AccountsContext } from './context.ts';
import { toAuditEntry, toUser } from './map.ts';

@Resolver()
export class AuditQueries {
  @Query(() => AuditLogConnection, { description: 'What was done, newest first. For operators.' })
  async auditLog(
    @Arg('first', () => Int, { defaultValue: 50, nullable: true, description: 'At most 100.' }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last one seen.' }) after:
      | string
      | null,
    @Arg('filter', () => AuditFilter, { nullable: true, description: 'Which entries.' }) filter: AuditFilter | null,
    @Ctx() { viewer, commands }: AccountsContext,
  ): Promise<AuditLogConnection> {
    requireRole(viewer, 'OPERATOR');
    const page = pageRequest({ first, after }, { arity: 1, defaultSize: 50 });
    const rows = await auditPage(commands.orm.em.fork(), {
      subjectId: filter?.subjectId,
      actorId: filter?.actorId,
      action: filter?.action,
      from: filter?.range?.from,
      to: filter?.range?.to,
      before: page.after ? sequenceOf(page.after[0]) : null,
      limit: page.limit + 1,
    });
    return toConnection(rows, page, { key: ({ sequence }) => [sequence], node: toAuditEntry });
  }
}

@Resolver(() => AuditLogEntry)
export class AuditFields {
  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null for the system itself.' })
  async actor(@Root() { actorId }: AuditLogEntry, @Ctx() { loaders }: AccountsContext): Promise<User | null> {
    const row = actorId === null ? null : await loaders.user.load(actorId);
    return row && toUser(row);
  }
}

/** A cursor is the client's: a number that no entry has gives an empty page, not a failure. */
function sequenceOf(part: string | number | undefined): number {
  const sequence = Number(part);
  return Number.isSafeInteger(sequence) ? sequence : 0;
}
