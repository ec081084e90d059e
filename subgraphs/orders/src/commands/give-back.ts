import { betweenCrashPoints, type Rejection } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import {
  advanceGiveBack,
  firstGiveBack,
  type GiveBackEvent,
  giveBackRequest,
  type GiveBackRequest,
} from '../domain/give-back.ts';
import {
  type GiveBackRecord,
  insertGiveBack,
  lockGiveBack,
  postponeGiveBack,
  saveGiveBack,
  takeDueGiveBacks,
} from '../store/give-backs.ts';
import { linesOfVendorOrders } from '../store/orders.ts';
import type { Services } from './services.ts';

/** Two requests, and a little for drivers that take turns. */
const MAX_STEPS = 8;
const BATCH = 16;
const INVENTORY_TIMEOUT_MS = 3_000;
const PAYMENTS_TIMEOUT_MS = 12_000;
/** Longer than its two calls may take. */
const LEASE_MS = 20_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 20_000;
/** Payments takes no longer reasons. */
const MAX_REASON = 500;

/** Codes that say "not now" instead of "no". */
const NOT_NOW = ['SERVICE_UNAVAILABLE', 'RATE_LIMITED', 'CONFLICT'];

/** All money and all units of vendors' parts that ended before anything left; in the transaction that ends them. */
export async function giveBackParts(
  em: EntityManager,
  services: Pick<Services, 'ids' | 'clock'>,
  parts: { orderId: string; vendorOrderIds: readonly string[]; reason: string },
): Promise<void> {
  const lines = Map.groupBy(await linesOfVendorOrders(em, parts.vendorOrderIds), (line) => line.vendorOrderId);
  for (const vendorOrderId of parts.vendorOrderIds) {
    const units = (lines.get(vendorOrderId) ?? []).map(({ offerId, quantity }) => ({ offerId, quantity }));
    const record = {
      id: services.ids.next('gbk'),
      orderId: parts.orderId,
      vendorOrderId,
      returnId: null,
      amount: null,
      reason: parts.reason.slice(0, MAX_REASON),
      units,
      state: firstGiveBack,
    };
    await insertGiveBack(em, record, services.clock.now());
  }
}

/** Drives one as far as it goes. Whoever comes second finds a state that does not wait for the answer. */
export async function driveGiveBack(services: Services, id: string): Promise<void> {
  let event: GiveBackEvent | undefined;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const record = await inTransaction(services.orm, (em) => applyEvent(em, services, id, event));
    const request = record && giveBackRequest(record.state);
    if (!record || !request) return;
    try {
      event = await betweenCrashPoints(`give-back.${request}`, () => perform(services, record, request));
    } catch (error) {
      const backoff = Math.min(FIRST_RETRY_MS * 2 ** record.attempts, MAX_RETRY_MS) * (0.75 + Math.random() / 2);
      await postponeGiveBack(services.orm.em.fork(), id, new Date(services.clock.now().getTime() + backoff));
      throw error;
    }
  }
  throw new Error(`Give-back ${id} goes in circles.`);
}

/** Takes up what is due: new ones, and those whose process died or whose answer is overdue. */
export async function sweepGiveBacks(services: Services): Promise<'idle' | 'busy'> {
  const now = services.clock.now();
  const leaseUntil = new Date(now.getTime() + LEASE_MS);
  const due = await takeDueGiveBacks(services.orm.em.fork(), { now, leaseUntil, limit: BATCH });
  await Promise.all(
    due.map(async (id) => {
      try {
        await driveGiveBack(services, id);
      } catch (error) {
        // It has its own next look, after the lease or the backoff; the others go on.
        services.log.warn({ err: error, giveBackId: id }, 'not given back yet');
      }
    }),
  );
  return due.length === BATCH ? 'busy' : 'idle';
}

async function applyEvent(
  em: EntityManager,
  services: Services,
  id: string,
  event: GiveBackEvent | undefined,
): Promise<GiveBackRecord | undefined> {
  const record = await lockGiveBack(em, id);
  if (!record || !event) return record;
  const state = advanceGiveBack(record.state, event, { restocks: record.units.length > 0 });
  if (state === record.state) return record;
  const now = services.clock.now();
  await saveGiveBack(em, { ...record, state }, { now, nextAttemptAt: new Date(now.getTime() + LEASE_MS) });
  if (state.status === 'FAILED') {
    const { orderId, vendorOrderId } = record;
    services.log.error({ giveBackId: id, orderId, vendorOrderId, failure: state.failure }, 'could not be given back');
  }
  return { ...record, state };
}

async function perform(services: Services, record: GiveBackRecord, request: GiveBackRequest): Promise<GiveBackEvent> {
  const { id, orderId, vendorOrderId, returnId, amount, reason, units } = record;
  if (request === 'RECEIVE_UNITS') {
    const call = { timeoutMs: INVENTORY_TIMEOUT_MS };
    const received = await services.inventory.receive({ id, orderId, lines: units }, call);
    return received.ok ? { type: 'unitsReceived' } : { type: 'unitsRefused', failure: definite(received.rejection) };
  }
  const call = { timeoutMs: PAYMENTS_TIMEOUT_MS };
  const refund = { orderId, vendorOrderId, amount, reason, returnId };
  const refunded = await services.payments.refund(refund, `${id}:refund`, call);
  if (refunded.ok) {
    const { status, failureCode } = refunded.value;
    if (status !== 'FAILED') return { type: 'refunded' };
    return { type: 'refundRefused', failure: { code: failureCode ?? 'refund_failed', message: 'The refund failed.' } };
  }
  const failure = definite(refunded.rejection);
  // Asked for all that is left, and nothing is: somebody gave it back by hand.
  if (failure.code === 'REFUND_EXCEEDS' && amount === null) return { type: 'refunded' };
  return { type: 'refundRefused', failure };
}

/** Throws for refusals that are none, so that the request is made again. */
function definite(rejections: readonly Rejection[]): { code: string; message: string } {
  const later = rejections.find(({ code }) => NOT_NOW.includes(code));
  if (later) throw new Error(later.message);
  const [first] = rejections;
  return { code: first?.code ?? 'INVALID', message: first?.message ?? 'Refused without a reason.' };
}
