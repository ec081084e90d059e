import type { EntityManager } from '@marketgraph/platform/postgres';

/** What is kept of a delivery: names, never its body. */
export interface ReceivedEvent {
  eventId: string;
  type: string;
  objectReference: string | null;
  paymentId: string | null;
  createdAt: Date;
}

export interface DueEvent {
  eventId: string;
  type: string;
  objectReference: string | null;
  paymentId: string | null;
  attempts: number;
  receivedAt: Date;
}

/** Keeps an event once, by its id; false for one that is here already. */
export async function keepEvent(
  em: EntityManager,
  event: ReceivedEvent,
  { status, now, dueAt }: { status: 'PENDING' | 'IGNORED'; now: Date; dueAt: Date },
): Promise<boolean> {
  const inserted = await em.execute<unknown[]>(
    `insert into webhook_event (event_id, type, object_id, payment_id, provider_created_at, received_at, status, next_attempt_at)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (event_id) do nothing returning 1`,
    [
      event.eventId,
      event.type,
      event.objectReference,
      event.paymentId,
      event.createdAt.toISOString(),
      now.toISOString(),
      status,
      dueAt.toISOString(),
    ],
  );
  return inserted.length > 0;
}

/** Leases due events for half a minute, oldest first: a worker that dies gives them back. Index `webhook_event_due`. */
export async function takeDueEvents(em: EntityManager, now: Date, limit: number): Promise<DueEvent[]> {
  const rows = await em.execute<
    {
      event_id: string;
      type: string;
      object_id: string | null;
      payment_id: string | null;
      attempts: number;
      received_at: string;
    }[]
  >(
    `update webhook_event set attempts = attempts + 1, next_attempt_at = ?::timestamptz + interval '30 seconds'
      where event_id in (select event_id from webhook_event where status = 'PENDING' and next_attempt_at <= ?
                          order by next_attempt_at limit ? for update skip locked)
     returning event_id, type, object_id, payment_id, attempts, received_at`,
    [now.toISOString(), now.toISOString(), limit],
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    type: row.type,
    objectReference: row.object_id,
    paymentId: row.payment_id,
    attempts: Number(row.attempts),
    receivedAt: new Date(row.received_at),
  }));
}

export async function finishEvents(
  em: EntityManager,
  eventIds: readonly string[],
  outcome: { status: 'DONE' | 'IGNORED' | 'ABANDONED'; now: Date; reason?: string },
): Promise<void> {
  await em.execute(
    `update webhook_event set status = ?, handled_at = ?, last_error = ?
      where event_id in (select value from jsonb_array_elements_text(?::jsonb) as value)`,
    [outcome.status, outcome.now.toISOString(), outcome.reason ?? null, JSON.stringify(eventIds)],
  );
}

export async function postponeEvents(
  em: EntityManager,
  eventIds: readonly string[],
  { until, reason }: { until: Date; reason: string },
): Promise<void> {
  await em.execute(
    `update webhook_event set next_attempt_at = ?, last_error = ?
      where event_id in (select value from jsonb_array_elements_text(?::jsonb) as value)`,
    [until.toISOString(), reason.slice(0, 500), JSON.stringify(eventIds)],
  );
}

/** Index `webhook_event_received`. */
export async function purgeHandledEvents(em: EntityManager, before: Date, limit: number): Promise<number> {
  const rows = await em.execute<unknown[]>(
    `delete from webhook_event where event_id in (
       select event_id from webhook_event where received_at < ? and status <> 'PENDING' limit ?) returning 1`,
    [before.toISOString(), limit],
  );
  return rows.length;
}
