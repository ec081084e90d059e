import { type EntityManager, executeAlong } from '@marketgraph/platform/postgres';

export interface MailRow {
  /** The id of its notification. */
  id: string;
  recipient: string;
  subject: string;
  body: string;
  attempts: number;
  createdAt: Date | string;
}

export async function addMail(
  em: EntityManager,
  { id, recipient, subject, body, now }: Pick<MailRow, 'id' | 'recipient' | 'subject' | 'body'> & { now: Date },
): Promise<void> {
  await executeAlong(em, 'insert into mail (id, recipient, subject, body, next_attempt_at) values (?, ?, ?, ?, ?)', [
    id,
    recipient,
    subject,
    body,
    now.toISOString(),
  ]);
}

/** Mails that are due, for this transaction alone: another sender passes over them. By the index `mail_waiting`. */
export async function takeDueMails(em: EntityManager, now: Date, limit: number): Promise<MailRow[]> {
  return em.execute<MailRow[]>(
    `select mail.id, mail.recipient, mail.subject, mail.body, mail.attempts, notification.created_at as "createdAt"
       from mail join notification on notification.id = mail.id
      where mail.state = 'WAITING' and mail.next_attempt_at <= ?
      order by mail.next_attempt_at limit ? for update of mail skip locked`,
    [now.toISOString(), limit],
  );
}

export async function markSent(em: EntityManager, id: string): Promise<void> {
  await executeAlong(em, "update mail set state = 'SENT', attempts = attempts + 1, last_error = null where id = ?", [
    id,
  ]);
}

/** Null as next attempt: there will be none. */
export async function markFailed(
  em: EntityManager,
  { id, error, nextAttemptAt }: { id: string; error: string; nextAttemptAt: Date | null },
): Promise<void> {
  await em.execute(
    `update mail set attempts = attempts + 1, last_error = ?, state = ?,
            next_attempt_at = coalesce(?::timestamptz, next_attempt_at)
      where id = ?`,
    [error.slice(0, 500), nextAttemptAt ? 'WAITING' : 'DEAD', nextAttemptAt?.toISOString() ?? null, id],
  );
}
