import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction, onceByKey } from '@marketgraph/platform/postgres';
import { trackingDescriptions } from '../clients/carrier.ts';
import { createFulfillment, type Units } from '../domain/order.ts';
import { appendTracking, insertFulfillment, lockOrder, type NewParcel } from '../store/order-writes.ts';
import { ordersByIds } from '../store/orders.ts';
import { recordOrderChange } from './record-order-change.ts';
import type { Cause, Services } from './services.ts';

export interface CreateFulfillment {
  orderId: string;
  vendorOrderId: string;
  lines: readonly Units[];
  warehouseId?: string | null;
  /** Without a tracking number of the vendor's own carrier, ours makes the label. */
  carrier?: string | null;
  trackingNumber?: string | null;
  principal: string;
  idempotencyKey: string;
  cause: Cause;
}

const MAX_TEXT = 100;

/** A parcel. Resolves to its id; the same key gives the same parcel. */
export async function createFulfillmentCommand(
  services: Services,
  command: CreateFulfillment,
): Promise<Result<{ fulfillmentId: string }>> {
  const { vendorOrderId, lines, warehouseId = null, carrier = null, trackingNumber = null } = command;
  if ((carrier?.length ?? 0) > MAX_TEXT || (trackingNumber?.length ?? 0) > MAX_TEXT) {
    return reject('INVALID', `At most ${MAX_TEXT} characters.`, { field: ['trackingNumber'] });
  }
  const call = {
    principal: command.principal,
    operation: 'fulfillmentCreate',
    key: command.idempotencyKey,
    input: { vendorOrderId, lines, warehouseId, carrier, trackingNumber },
  };
  // The label is made before the transaction: nobody's answer is awaited while rows are held.
  const parcel = await labelled(services, command);
  const once = await inTransaction(services.orm, (em) =>
    onceByKey(em, call, () => create(em, services, command, parcel)),
  );
  if (once.kind === 'reused') return reject('IDEMPOTENCY_KEY_REUSED', 'This key was used for another parcel.');
  return once.answer;
}

async function create(
  em: EntityManager,
  services: Services,
  { orderId, vendorOrderId, lines, cause }: CreateFulfillment,
  parcel: NewParcel,
): Promise<Result<{ fulfillmentId: string }>> {
  const locked = await lockOrder(em, orderId);
  if (!locked) return reject('NOT_FOUND', 'There is no such order.');
  const status = parcel.status === 'LABEL_PURCHASED' ? parcel.status : 'PENDING';
  const decided = createFulfillment(locked.order, { fulfillmentId: parcel.id, vendorOrderId, lines, status });
  if (!decided.ok) return decided;
  const now = services.clock.now();
  await insertFulfillment(em, parcel, now);
  await appendTracking(em, parcel.id, {
    at: now,
    code: status,
    description: trackingDescriptions[status],
    place: null,
  });
  const vendorEvent = { type: 'FULFILLMENT_UPDATED', vendorOrderIds: [vendorOrderId] } as const;
  const change = { facts: decided.value, vendorOrderId, fulfillmentId: parcel.id, vendorEvent };
  await recordOrderChange(em, services, { locked, change, cause });
  return accept({ fulfillmentId: parcel.id });
}

async function labelled(services: Services, command: CreateFulfillment): Promise<NewParcel> {
  const { orderId, vendorOrderId, lines, warehouseId = null, trackingNumber } = command;
  const { carrier: own } = services;
  const id = services.ids.next('ful');
  const parcel = { id, orderId, vendorOrderId, lines, warehouseId };
  if (trackingNumber || (command.carrier && command.carrier !== own.name)) {
    const name = command.carrier ?? null;
    const trackingUrl = name && trackingNumber ? own.trackingUrl(name, trackingNumber) : null;
    const tracking = { trackingNumber: trackingNumber ?? null, trackingUrl, labelUrl: null };
    return { ...parcel, status: 'PENDING', carrier: name, ...tracking };
  }
  const [order] = await ordersByIds(services.orm.em.fork(), [orderId]);
  const { countryCode = '', postalCode = null } = order?.shippingAddress ?? {};
  const label = await own.buyLabel({ fulfillmentId: id, countryCode, postalCode });
  return { ...parcel, status: 'LABEL_PURCHASED', carrier: own.name, ...label };
}
