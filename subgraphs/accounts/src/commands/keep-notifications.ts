import { accept, reject, type Result } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { type NotificationChannel, notificationTopics } from '../domain/notification.ts';
import { markRead } from '../store/notifications.ts';
import { lockUser, saveNotificationPreferences, type UserRow } from '../store/users.ts';
import type { CommandDeps } from './deps.ts';

const MAX_IDS = 100;
const KNOWN_TOPICS: readonly string[] = notificationTopics;

export async function updateNotificationPreferences(
  { orm }: Pick<CommandDeps, 'orm'>,
  command: { userId: string; channels: readonly NotificationChannel[]; mutedTopics?: readonly string[] | null },
): Promise<Result<UserRow>> {
  const unknown = command.mutedTopics?.find((topic) => !KNOWN_TOPICS.includes(topic));
  if (unknown !== undefined) {
    return reject('INVALID', `There is no such topic. Topics are ${KNOWN_TOPICS.join(', ')}.`, {
      field: ['mutedTopics'],
    });
  }
  return inTransaction(orm, async (em): Promise<Result<UserRow>> => {
    const user = await lockUser(em, command.userId);
    if (!user) return reject('NOT_FOUND', 'There is no such account.');
    const saved = await saveNotificationPreferences(em, {
      id: user.id,
      notificationChannels: [...new Set(command.channels)],
      mutedTopics: command.mutedTopics ? [...new Set(command.mutedTopics)] : user.mutedTopics,
    });
    return accept(saved);
  });
}

export async function markNotificationsRead(
  { orm, clock }: Pick<CommandDeps, 'orm' | 'clock'>,
  { userId, ids }: { userId: string; ids: readonly string[] },
): Promise<Result<true>> {
  if (ids.length === 0 || ids.length > MAX_IDS) {
    return reject('INVALID', `1 to ${MAX_IDS} notifications at a time.`, { field: ['ids'] });
  }
  await markRead(orm.em.fork(), { userId, ids, now: clock.now() });
  return accept(true);
}
