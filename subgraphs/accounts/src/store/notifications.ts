import type { EntityManager } from '@marketgraph/platform/postgres';
import type { NotificationChannel } from '../domain/notification.ts';
import { TEXT_ARRAY, textArray } from './text-array.ts';

export interface NotificationRow {
  id: string;
  userId: string;
  topic: string;
  title: string;
  body: string;
  channels: NotificationChannel[];
  subjectId: string | null;
  readAt: Date | string | null;
  createdAt: Date | string;
}

const COLUMNS = `id, user_id as "userId", topic, title, body, channels, subject_id as "subjectId",
  read_at as "readAt", created_at as "createdAt"`;
const IN_APP = "'IN_APP' = any(channels)";

/** False when the user has had this notice before, by whatever event it came. */
export async function addNotification(
  em: EntityManager,
  row: Omit<NotificationRow, 'readAt' | 'createdAt'> & { onceKey: string; now: Date },
): Promise<boolean> {
  const inserted = await em.execute<unknown[]>(
    `insert into notification (id, user_id, topic, title, body, channels, subject_id, once_key, created_at)
     values (?, ?, ?, ?, ?, ${TEXT_ARRAY}, ?, ?, ?) on conflict (user_id, once_key) do nothing returning 1`,
    [
      row.id,
      row.userId,
      row.topic,
      row.title,
      row.body,
      textArray(row.channels),
      row.subjectId,
      row.onceKey,
      row.now.toISOString(),
    ],
  );
  return inserted.length > 0;
}

export async function findNotifications(em: EntityManager, ids: readonly string[]): Promise<NotificationRow[]> {
  if (ids.length === 0) return [];
  return em.execute<NotificationRow[]>(`select ${COLUMNS} from notification where id in (?) and ${IN_APP}`, [[...ids]]);
}

/** Newest first. By the index `notification_inbox`. */
export async function notificationPage(
  em: EntityManager,
  { userId, before, limit }: { userId: string; before: string | null; limit: number },
): Promise<NotificationRow[]> {
  return em.execute<NotificationRow[]>(
    `select ${COLUMNS} from notification where user_id = ? and ${IN_APP} ${before === null ? '' : 'and id < ?'}
      order by id desc limit ?`,
    [userId, ...(before === null ? [] : [before]), limit],
  );
}

export async function countUnread(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from notification where user_id = ? and ${IN_APP} and read_at is null`,
    [userId],
  );
  return row!.count;
}

/** Marks those of the user; others' and unknown ones are passed over. Read once, the time stays. */
export async function markRead(
  em: EntityManager,
  { userId, ids, now }: { userId: string; ids: readonly string[]; now: Date },
): Promise<void> {
  await em.execute('update notification set read_at = ? where user_id = ? and id in (?) and read_at is null', [
    now.toISOString(),
    userId,
    [...ids],
  ]);
}
