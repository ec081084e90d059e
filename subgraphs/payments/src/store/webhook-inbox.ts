import { type EntityManager, plainRows } from '@marketgraph/platform/postgres';
import { PaymentRow } from './payment.entity.ts';

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
  /** The payment that is known by the reference, as it was when the event was taken. */
  known: PaymentRow | null;
}

export interface NewEvent extends ReceivedEvent {
  status: 'PENDING' | 'IGNORED';
  now: Date;
  dueAt: Date;
}

/** Keeps each event once, by its id, in one statement; resolves to the ids of those that were not here yet. */
export async function keepEvents(em: EntityManager, events: readonly NewEvent[]): Promise<Set<string>> {
  const inserted = await em.execute<{ id: string }[]>(
    `insert into webhook_event (event_id, type, object_id, payment_id, provider_created_at, received_at, status, next_attempt_at)
     select "eventId", type, "objectReference", "paymentId", "createdAt", now, status, "dueAt"
       from jsonb_to_recordset(?::jsonb) as event ("eventId" text, type text, "objectReference" text, "paymentId" text,
         "createdAt" timestamptz, now timestamptz, status text, "dueAt" timestamptz)
      order by "eventId"
     on conflict (event_id) do nothing returning event_id as id`,
    [JSON.stringify(events)],
  );
  return new Set(inserted.map(({ id }) => id));
}

/**
 * Leases due events for half a minute, oldest first: a worker that dies gives them back. Index `webhook_event_due`, and
 * the unique `gateway_reference` of payments.
 */
export async function takeDueEvents(em: EntityManager, now: Date, limit: number): Promise<DueEvent[]> {
  const rows = await em.execute<
    {
      eventId: string;
      type: string;
      objectReference: string | null;
      paymentId: string | null;
      attempts: number;
      receivedAt: string;
      /** Of the payment, as all that follows. */
      id: string | null;
    }[]
  >(
    `with taken as (
       update webhook_event set attempts = attempts + 1, next_attempt_at = ?::timestamptz + interval '30 seconds'
        where event_id in (select event_id from webhook_event where status = 'PENDING' and next_attempt_at <= ?
                            order by next_attempt_at limit ? for update skip locked)
       returning event_id, type, object_id, payment_id, attempts, received_at)
     select event_id as "eventId", type, object_id as "objectReference", payment_id as "paymentId", attempts,
            received_at as "receivedAt", payment.*
       from taken left join payment on payment.gateway_reference = taken.object_id`,
    [now.toISOString(), now.toISOString(), limit],
  );
  return rows.map((row) => ({
    eventId: row.eventId,
    type: row.type,
    objectReference: row.objectReference,
    paymentId: row.paymentId,
    attempts: Number(row.attempts),
    receivedAt: new Date(row.receivedAt),
    known: row.id === null ? null : plainRows(em, PaymentRow, [row])[0]!,
  }));
}

export async function finishEvents(
  em: EntityManager,
  eventIds: readonly string[],
  outcome: { status: 'DONE' | 'IGNORED' | 'ABANDONED'; now: Date; reason?: string },
): Promise<void> {
  await em.execute(
    `update webhook_event set status = ?, handled_at = ?, last_error = ?
      where event_id = any(array(select jsonb_array_elements_text(?::jsonb)))`,
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
      where event_id = any(array(select jsonb_array_elements_text(?::jsonb)))`,
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
