import {
  badUserInput,
  eventSkipped,
  forbidden,
  pageRequest,
  requireUser,
  type StreamRoot,
  toConnection,
} from '@marketgraph/platform/graphql';
import type { NotificationCreated } from '@marketgraph/schema/events/accounts';
import { Arg, Ctx, FieldResolver, Int, Resolver, Root, Subscription } from 'type-graphql';
import { countUnread, notificationPage, type NotificationRow } from '../store/notifications.ts';
import { isSelf } from './access.ts';
import { User } from './account.type.ts';
import type { AccountsContext } from './context.ts';
import { toNotification } from './map.ts';
import { NotificationConnection, NotificationEvent } from './notification.type.ts';
import { StreamEventKind } from './shared.type.ts';

/** Only of the viewer themselves, so that a list of users never asks for more than one inbox. */
@Resolver(() => User)
export class UserNotifications {
  @FieldResolver(() => NotificationConnection, {
    description: 'What they were told, newest first. For the user alone.',
  })
  async notifications(
    @Root() user: User,
    @Arg('first', () => Int, { defaultValue: 20, nullable: true, description: 'At most 100.' }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last one seen.' }) after:
      | string
      | null,
    @Ctx() { commands, viewer }: AccountsContext,
  ): Promise<NotificationConnection> {
    if (!user.isOwnAnswer && !isSelf(viewer, user.id)) throw forbidden();
    const page = pageRequest({ first, after }, { arity: 1 });
    const rows = await notificationPage(commands.orm.em.fork(), {
      userId: user.id,
      before: page.after ? String(page.after[0]) : null,
      limit: page.limit + 1,
    });
    return { userId: user.id, ...toConnection(rows, page, { key: ({ id }) => [id], node: toNotification }) };
  }
}

@Resolver(() => NotificationConnection)
export class NotificationConnectionFields {
  @FieldResolver(() => Int, { description: 'How many have not been read, on all pages.' })
  unreadCount(@Root() { userId }: NotificationConnection, @Ctx() { commands }: AccountsContext): Promise<number> {
    return countUnread(commands.orm.em.fork(), userId);
  }
}

@Resolver()
export class NotificationSubscriptions {
  @Subscription(() => NotificationEvent, {
    topics: 'gateway',
    description: "The viewer's notifications as they come. The snapshot is the newest one, when there is any.",
  })
  async notificationReceived(
    @Root() root: StreamRoot,
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after: string | null,
    @Ctx() { viewer, loaders, commands }: AccountsContext,
  ): Promise<NotificationEvent> {
    const { userId } = requireUser(viewer);
    if (root.kind === 'SNAPSHOT') {
      const [newest] = await notificationPage(commands.orm.em.fork(), { userId, before: null, limit: 1 });
      // Never told anything yet: the stream begins with what comes.
      if (!newest) throw eventSkipped();
      return toEvent(root, newest);
    }
    const fact = root.envelope?.payload as NotificationCreated | undefined;
    if (!fact) throw badUserInput('An event without its envelope.');
    if (fact.userId !== userId) throw forbidden();
    const row = await loaders.notification.load(fact.notificationId);
    if (!row) throw eventSkipped();
    return toEvent(root, row);
  }
}

function toEvent({ cursor, occurredAt, kind }: StreamRoot, row: NotificationRow): NotificationEvent {
  return Object.assign(
    { cursor, occurredAt: new Date(occurredAt), kind: StreamEventKind[kind], notification: toNotification(row) },
    { __typename: 'NotificationEvent' },
  );
}
