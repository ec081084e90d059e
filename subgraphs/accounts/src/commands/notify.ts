import { afterCommit, appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { channelsFor, type Notice } from '../domain/notification.ts';
import { notificationCreated } from '../events/out.ts';
import { addMail } from '../store/mails.ts';
import { addNotification } from '../store/notifications.ts';
import { lockUser, nextEventSequence } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';

/**
 * Tells a user by the channels they chose, in the caller's transaction: the row,
 * the event for open subscriptions and the mail to send are all there or none.
 * A second time for the same notice does nothing.
 */
export async function notify(
  em: EntityManager,
  { ids, clock, wakeMailer }: Pick<CommandDeps, 'ids' | 'clock' | 'wakeMailer'>,
  notice: Notice,
  trace?: string,
): Promise<void> {
  const user = await lockUser(em, notice.userId);
  if (!user) return;
  const { notificationChannels, mutedTopics } = user;
  const channels = channelsFor(notice.topic, { channels: notificationChannels, mutedTopics });
  if (channels.length === 0) return;
  const id = ids.next('ntf');
  const now = clock.now();
  const isNew = await addNotification(em, { ...notice, id, channels, now });
  if (!isNew) return;
  if (channels.includes('IN_APP')) {
    const fact = { notificationId: id, userId: user.id, topic: notice.topic };
    const event = notificationCreated(fact, await nextEventSequence(em, user.id));
    await appendToOutbox(em, [event], { ids, now, trace });
  }
  if (channels.includes('EMAIL')) {
    await addMail(em, { id, recipient: user.email, subject: notice.title, body: notice.body, now });
    afterCommit(em, wakeMailer);
  }
}
