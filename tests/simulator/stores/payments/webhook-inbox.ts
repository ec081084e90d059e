import type * as real from '../../../../subgraphs/payments/src/store/webhook-inbox.ts';
import { statement } from '../../world/memory-orm.ts';
import { paymentsTables } from '../../world/payments-tables.ts';

export * from '../../../../subgraphs/payments/src/store/webhook-inbox.ts';

export const keepEvents: typeof real.keepEvents = (em, events) =>
  statement(em, async (transaction) => {
    const kept = new Set<string>();
    for (const { eventId, type, objectReference, paymentId, status, now, dueAt } of events) {
      const row = { eventId, type, objectReference, paymentId, attempts: 0, receivedAt: now, known: null };
      const entry = { ...row, status, nextAttemptAt: dueAt.getTime() };
      if (await transaction.insert(paymentsTables(em).webhooks, eventId, entry, 'nothing')) kept.add(eventId);
    }
    return kept;
  });

export const takeDueEvents: typeof real.takeDueEvents = (em, now, limit) =>
  statement(em, async (transaction) => {
    const { webhooks, payments } = paymentsTables(em);
    const due = transaction
      .all(webhooks)
      .filter((row) => row.status === 'PENDING' && row.nextAttemptAt <= now.getTime())
      .filter((row) => transaction.canLock(webhooks, row.eventId))
      .toSorted((a, b) => a.nextAttemptAt - b.nextAttemptAt)
      .slice(0, limit);
    const taken = [];
    for (const { eventId } of due) {
      const lease = { nextAttemptAt: now.getTime() + 30_000 };
      const row = await transaction.update(webhooks, eventId, ({ attempts }) => ({ ...lease, attempts: attempts + 1 }));
      const known = transaction.all(payments).find((one) => row && one.gatewayReference === row.objectReference);
      if (row) taken.push({ ...row, known: known ? { ...known } : null });
    }
    return taken;
  });

export const finishEvents: typeof real.finishEvents = (em, eventIds, { status }) =>
  statement(em, async (transaction) => {
    for (const eventId of eventIds) {
      await transaction.update(paymentsTables(em).webhooks, eventId, () => ({ status }));
    }
  });

export const postponeEvents: typeof real.postponeEvents = (em, eventIds, { until }) =>
  statement(em, async (transaction) => {
    for (const eventId of eventIds) {
      await transaction.update(paymentsTables(em).webhooks, eventId, () => ({ nextAttemptAt: until.getTime() }));
    }
  });
