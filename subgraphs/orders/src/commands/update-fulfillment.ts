import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { trackingDescriptions } from '../clients/carrier.ts';
import { moveFulfillment, vendorOrderOf } from '../domain/order.ts';
import { type FulfillmentStatus, hasLeft } from '../domain/order-status.ts';
import { vendorOrderDelivered } from '../events/out.ts';
import {
  appendTracking,
  lockOrder,
  type Place,
  saveFulfillmentStatus,
  startReturnWindow,
} from '../store/order-writes.ts';
import { linesOfVendorOrders, ordersByIds, vendorOrdersByIds } from '../store/orders.ts';
import { recordOrderChange } from './record-order-change.ts';
import type { Cause, Services } from './services.ts';

export interface UpdateFulfillment {
  orderId: string;
  vendorOrderId: string;
  fulfillmentId: string;
  carrier: string | null;
  status: FulfillmentStatus;
  trackingNumber?: string | null;
  /** When it happened, at the latest now. */
  at?: Date | null;
  cause: Cause;
}

const MAX_TRACKING_NUMBER = 100;

/** The next step of a parcel. The last parcel of a vendor's part that arrives starts the return window. */
export async function updateFulfillmentCommand(services: Services, command: UpdateFulfillment): Promise<Result<null>> {
  const { at, trackingNumber } = command;
  if (at && at > services.clock.now()) return reject('INVALID', 'This lies in the future.', { field: ['at'] });
  if ((trackingNumber?.length ?? 0) > MAX_TRACKING_NUMBER) {
    return reject('INVALID', `At most ${MAX_TRACKING_NUMBER} characters.`, { field: ['trackingNumber'] });
  }
  // Asked before the transaction: nobody's answer is awaited while rows are held.
  const place = await placeOf(services, command);
  return inTransaction(services.orm, (em) => move(em, services, { ...command, place }));
}

async function placeOf(services: Services, { orderId, carrier, fulfillmentId, status }: UpdateFulfillment) {
  if (carrier !== services.carrier.name) return null;
  const [order] = await ordersByIds(services.orm.em.fork(), [orderId]);
  const { countryCode, postalCode } = order?.shippingAddress ?? {};
  if (!countryCode) return null;
  return services.carrier.locate({ fulfillmentId, countryCode, postalCode: postalCode ?? null, status });
}

async function move(
  em: EntityManager,
  services: Services,
  command: UpdateFulfillment & { place: Place | null },
): Promise<Result<null>> {
  const { orderId, vendorOrderId, fulfillmentId, status, cause } = command;
  const { ids, clock, carrier } = services;
  const locked = await lockOrder(em, orderId);
  if (!locked) return reject('NOT_FOUND', 'There is no such fulfilment.', { field: ['id'] });
  const decided = moveFulfillment(locked.order, fulfillmentId, status);
  if (!decided.ok) return decided;

  const now = clock.now();
  const at = command.at ?? now;
  const { trackingNumber: number } = command;
  const tracking = number
    ? { number, url: command.carrier ? carrier.trackingUrl(command.carrier, number) : null }
    : undefined;
  await saveFulfillmentStatus(em, fulfillmentId, { status, at, hasLeft: hasLeft(status), tracking });
  await appendTracking(em, fulfillmentId, {
    at,
    code: status,
    description: trackingDescriptions[status],
    place: command.place,
  });
  const vendorEvent = { type: 'FULFILLMENT_UPDATED', vendorOrderIds: [vendorOrderId] } as const;
  const change = { facts: decided.value, vendorOrderId, fulfillmentId, vendorEvent };
  const after = await recordOrderChange(em, services, { locked, change, cause });

  const was = vendorOrderOf(locked.order, vendorOrderId).status;
  if (vendorOrderOf(after, vendorOrderId).status === 'DELIVERED' && was !== 'DELIVERED') {
    // From when we are told, not from what the vendor says: nobody shortens a buyer's time by a date in the past.
    const window = await startReturnWindow(em, vendorOrderId);
    const [part] = await vendorOrdersByIds(em, [vendorOrderId]);
    const lines = await linesOfVendorOrders(em, [vendorOrderId]);
    const arrived = vendorOrderDelivered(part!, lines, window);
    await appendToOutbox(em, [arrived], { ids, now, trace: cause.trace });
  }
  return accept(null);
}
