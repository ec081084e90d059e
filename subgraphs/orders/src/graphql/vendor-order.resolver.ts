import type { Rejection } from '@marketgraph/platform/core';
import {
  eventSkipped,
  forbidden,
  hasRole,
  IdempotencyKey,
  isMemberOf,
  principalOf,
  requireActing,
  type StreamRoot,
} from '@marketgraph/platform/graphql';
import type { VendorOrderChanged } from '@marketgraph/schema/events/orders';
import {
  Arg,
  Ctx,
  Directive,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { acceptVendorOrderCommand, rejectVendorOrderCommand } from '../commands/change-vendor-order.ts';
import { createFulfillmentCommand } from '../commands/create-fulfillment.ts';
import { updateFulfillmentCommand } from '../commands/update-fulfillment.ts';
import type { StoredFulfillment, StoredVendorOrder } from '../store/order-rows.ts';
import { requireSeller, seesVendorOrder, viewOrder } from './access.ts';
import { causeOf, type OrdersContext } from './context.ts';
import { createLoaders } from './loaders.ts';
import { FulfillmentInput, FulfillmentStatusInput } from './fulfillment.input.ts';
import {
  Fulfillment,
  FulfillmentLine,
  FulfillmentPayload,
  Order,
  OrderLine,
  TrackingEvent,
  VendorOrder,
  VendorOrderEvent,
  VendorOrderPayload,
} from './order.type.ts';
import { VendorOrderEventType, VendorOrderStatus } from './order-status.type.ts';
import { toFulfillment, toOrder, toOrderLine, toVendorOrder } from './order-views.ts';
import { StreamEventKind } from './shared.type.ts';
import { toUserErrors } from './user-error.type.ts';

@Resolver(() => VendorOrder)
export class VendorOrderResolver {
  @Directive('@apiScope(anyOf: ["orders:read"])')
  @Query(() => VendorOrder, { nullable: true, description: 'A vendor’s part of an order.' })
  async vendorOrder(@Ctx() context: OrdersContext, @Arg('id', () => ID, { description: 'The part.' }) id: string) {
    const row = await context.loaders.vendorOrders.load(id);
    return row && seesVendorOrder(context.viewer, row) ? toVendorOrder(row) : null;
  }

  @Directive('@apiScope(anyOf: ["orders:fulfill"])')
  @Mutation(() => VendorOrderPayload, { description: 'The vendor will send it.' })
  async vendorOrderAccept(
    @Ctx() context: OrdersContext,
    @Arg('id', () => ID, { description: 'The vendor’s order.' }) id: string,
    @Arg('expectedVersion', () => Int, { description: 'Refuse when it is at another version.' })
    expectedVersion: number,
  ): Promise<VendorOrderPayload> {
    const own = await ownVendorOrder(context, id);
    if (!own) return { vendorOrder: null, userErrors: toUserErrors([NO_SUCH_ORDER]) };
    const command = { orderId: own.orderId, vendorOrderId: id, expectedVersion, cause: causeOf(context) };
    return await vendorOrderPayload(context, id, await acceptVendorOrderCommand(context.services, command));
  }

  @Mutation(() => VendorOrderPayload, { description: 'The vendor will not send it; the part ends here.' })
  async vendorOrderReject(
    @Ctx() context: OrdersContext,
    @Arg('id', () => ID, { description: 'The vendor’s order.' }) id: string,
    @Arg('reason', () => String, { description: 'For the buyer; at most 1,000 characters.' }) reason: string,
    @Arg('expectedVersion', () => Int, { description: 'Refuse when it is at another version.' })
    expectedVersion: number,
  ): Promise<VendorOrderPayload> {
    const own = await ownVendorOrder(context, id);
    if (!own) return { vendorOrder: null, userErrors: toUserErrors([NO_SUCH_ORDER]) };
    const command = { orderId: own.orderId, vendorOrderId: id, reason, expectedVersion, cause: causeOf(context) };
    return await vendorOrderPayload(context, id, await rejectVendorOrderCommand(context.services, command));
  }

  @Directive('@apiScope(anyOf: ["orders:read"])')
  @Subscription(() => VendorOrderEvent, {
    topics: 'gateway',
    description: 'A vendor’s sales as they happen, and every step of them.',
  })
  async vendorOrderFeed(
    @Ctx() context: OrdersContext,
    @Root() root: StreamRoot,
    @Arg('vendorId', () => ID, { description: 'A vendor one acts for.' }) vendorId: string,
    @Arg('statuses', () => [VendorOrderStatus], {
      nullable: true,
      description: 'Only orders that are in one of these.',
    })
    statuses?: VendorOrderStatus[] | null,
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after?: string | null,
  ): Promise<VendorOrderEvent> {
    requireActing(context.viewer);
    if (!isMemberOf(context.viewer, vendorId) && !hasRole(context.viewer, 'OPERATOR')) {
      throw forbidden('Only for those who act for this vendor.');
    }
    const event = Object.assign(new VendorOrderEvent(), {
      __typename: 'VendorOrderEvent',
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
    });
    if (root.kind === 'SNAPSHOT') {
      const [latest] = await context.loaders.vendorOrdersOfVendor(vendorId, { limit: 1 }, statuses);
      return Object.assign(event, { type: null, vendorOrder: latest ? toVendorOrder(latest) : null });
    }
    const change = root.envelope?.payload as VendorOrderChanged;
    const isWanted = !statuses || statuses.length === 0 || statuses.some((status) => status === change.status);
    if (change.vendorId !== vendorId || !isWanted) throw eventSkipped();
    const row = await context.loaders.vendorOrders.load(change.vendorOrderId);
    if (!row) throw eventSkipped();
    const type = VendorOrderEventType[change.type as VendorOrderEventType];
    return Object.assign(event, { type, vendorOrder: toVendorOrder(row) });
  }

  @FieldResolver(() => Order, { description: 'The order it is a part of; for a vendor with its own part only.' })
  async order(@Root() { orderId }: VendorOrder, @Ctx() context: OrdersContext): Promise<Order | null> {
    const view = await viewOrder(context, orderId);
    return view && toOrder(view);
  }

  @FieldResolver(() => [OrderLine], { description: 'What was bought from this vendor.' })
  async lines(@Root() { id }: VendorOrder, @Ctx() { loaders }: OrdersContext): Promise<OrderLine[]> {
    return (await loaders.linesOfVendorOrder.load(id)).map(toOrderLine);
  }

  @FieldResolver(() => [Fulfillment], { description: 'Its parcels.' })
  async fulfillments(@Root() { id }: VendorOrder, @Ctx() { loaders }: OrdersContext): Promise<Fulfillment[]> {
    return (await loaders.fulfillmentsOfVendorOrder.load(id)).map(toFulfillment);
  }
}

@Resolver(() => Fulfillment)
export class FulfillmentResolver {
  @Directive('@apiScope(anyOf: ["orders:fulfill"])')
  @Mutation(() => FulfillmentPayload, { description: 'Packs a parcel. Accepts the order when that was not done yet.' })
  async fulfillmentCreate(
    @Ctx() context: OrdersContext,
    @Arg('input', () => FulfillmentInput, { description: 'What goes into it.' }) input: FulfillmentInput,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key packs once.' }) idempotencyKey: string,
  ): Promise<FulfillmentPayload> {
    const principal = principalOf(requireSeller(context.viewer));
    const own = await ownVendorOrder(context, input.vendorOrderId);
    if (!own) return { fulfillment: null, userErrors: toUserErrors([NO_SUCH_ORDER]) };
    const lines = input.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
    const command = { ...input, lines, orderId: own.orderId, principal, idempotencyKey, cause: causeOf(context) };
    const created = await createFulfillmentCommand(context.services, command);
    if (!created.ok) return { fulfillment: null, userErrors: toUserErrors([created.rejection]) };
    return await fulfillmentPayload(context, created.value.fulfillmentId);
  }

  @Directive('@apiScope(anyOf: ["orders:fulfill"])')
  @Mutation(() => FulfillmentPayload, { description: 'Tells the next step of a parcel; for the vendor who sends it.' })
  async fulfillmentStatusUpdate(
    @Ctx() context: OrdersContext,
    @Arg('input', () => FulfillmentStatusInput, { description: 'The step.' }) input: FulfillmentStatusInput,
  ): Promise<FulfillmentPayload> {
    requireSeller(context.viewer);
    const { id, ...step } = input;
    const parcel = await context.loaders.fulfillments.load(id);
    if (!parcel || !isMemberOf(context.viewer, parcel.vendorId)) {
      return { fulfillment: null, userErrors: toUserErrors([NO_SUCH_PARCEL]) };
    }
    const { orderId, vendorOrderId, carrier } = parcel;
    const command = { ...step, fulfillmentId: id, orderId, vendorOrderId, carrier, cause: causeOf(context) };
    const moved = await updateFulfillmentCommand(context.services, command);
    if (!moved.ok) return { fulfillment: toFulfillment(parcel), userErrors: toUserErrors([moved.rejection]) };
    return await fulfillmentPayload(context, id);
  }

  @FieldResolver(() => [FulfillmentLine], { description: 'What is in it.' })
  async lines(@Root() { id }: Fulfillment, @Ctx() { loaders }: OrdersContext): Promise<FulfillmentLine[]> {
    const units = await loaders.linesOfFulfillment.load(id);
    const rows = await Promise.all(units.map(({ lineId }) => loaders.lines.load(lineId)));
    return units.flatMap(({ quantity }, index) => {
      const row = rows[index];
      return row ? [{ line: toOrderLine(row), quantity }] : [];
    });
  }

  @FieldResolver(() => [TrackingEvent], { description: 'Its way so far, oldest first.' })
  async trackingEvents(@Root() { id }: Fulfillment, @Ctx() { loaders }: OrdersContext): Promise<TrackingEvent[]> {
    return await loaders.trackingOfFulfillment.load(id);
  }
}

export async function vendorOrderReference({ id }: Record<string, unknown>, context: OrdersContext) {
  const row = typeof id === 'string' ? await context.loaders.vendorOrders.load(id) : null;
  return row && seesVendorOrder(context.viewer, row) ? toVendorOrder(row) : null;
}

export async function orderLineReference({ id }: Record<string, unknown>, context: OrdersContext) {
  const row = typeof id === 'string' ? await context.loaders.lines.load(id) : null;
  if (!row) return null;
  const confirmedAt = row.isConfirmed ? new Date(0) : null;
  return seesVendorOrder(context.viewer, { ...row, confirmedAt }) ? toOrderLine(row) : null;
}

export async function fulfillmentReference({ id }: Record<string, unknown>, context: OrdersContext) {
  const row = typeof id === 'string' ? await context.loaders.fulfillments.load(id) : null;
  return row && seesParcel(context, row) ? toFulfillment(row) : null;
}

const NO_SUCH_ORDER: Rejection = { code: 'NOT_FOUND', message: 'There is no such order.', field: ['id'] };
const NO_SUCH_PARCEL: Rejection = { code: 'NOT_FOUND', message: 'There is no such parcel.', field: ['id'] };

/** A vendor's part that this viewer may work on. */
async function ownVendorOrder(context: OrdersContext, id: string): Promise<StoredVendorOrder | null> {
  requireSeller(context.viewer);
  const row = await context.loaders.vendorOrders.load(id);
  return row && row.confirmedAt && isMemberOf(context.viewer, row.vendorId) ? row : null;
}

function seesParcel({ viewer }: OrdersContext, parcel: StoredFulfillment): boolean {
  // A parcel exists only for what was sold.
  return seesVendorOrder(viewer, { ...parcel, confirmedAt: parcel.createdAt });
}

/** After a change everything is read anew: what was loaded to authorise it is old. */
function readAgain(context: OrdersContext): void {
  context.loaders = createLoaders(context.services, context.viewer);
}

async function vendorOrderPayload(
  context: OrdersContext,
  id: string,
  outcome: { ok: true } | { ok: false; rejection: Rejection },
): Promise<VendorOrderPayload> {
  readAgain(context);
  const row = await context.loaders.vendorOrders.load(id);
  return {
    vendorOrder: row && toVendorOrder(row),
    userErrors: outcome.ok ? [] : toUserErrors([outcome.rejection]),
  };
}

async function fulfillmentPayload(context: OrdersContext, id: string): Promise<FulfillmentPayload> {
  readAgain(context);
  const row = await context.loaders.fulfillments.load(id);
  return { fulfillment: row && toFulfillment(row), userErrors: [] };
}
