import {
  badUserInput,
  eventSkipped,
  pageRequest,
  requireUser,
  type StreamRoot,
  toConnection,
  wholeNumber,
} from '@marketgraph/platform/graphql';
import { type OrderStatusChanged, orderStatusChanged } from '@marketgraph/schema/events/orders';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import { fulfillmentStatusOf } from '../domain/order-status.ts';
import { historyOfOrder } from '../store/order-history.ts';
import type { StoredLine, StoredVendorOrder } from '../store/order-rows.ts';
import { orderByNumber } from '../store/orders.ts';
import { seesWholeOrder, viewOrder } from './access.ts';
import { AppliedPromotion, toAppliedPromotions } from './applied-promotion.type.ts';
import type { OrdersContext } from './context.ts';
import { Order, OrderHistoryConnection, OrderLine, OrderStatusEvent, VendorOrder } from './order.type.ts';
import { OrderFulfillmentStatus, type OrderStatus } from './order-status.type.ts';
import { toFulfillment, toOrder, toOrderLine, toVendorOrder } from './order-views.ts';
import { StreamEventKind } from './shared.type.ts';

@Resolver(() => Order)
export class OrderResolver {
  @Directive('@apiScope(anyOf: ["orders:read"])')
  @Query(() => Order, { nullable: true, description: 'An order of one’s own; a vendor sees its part.' })
  async order(@Ctx() context: OrdersContext, @Arg('id', () => ID, { description: 'The order.' }) id: string) {
    const view = await viewOrder(context, id);
    return view && toOrder(view);
  }

  @Directive('@apiScope(anyOf: ["orders:read"])')
  @Query(() => Order, { nullable: true, description: 'An order by the number that people use.' })
  async orderByNumber(
    @Ctx() context: OrdersContext,
    @Arg('number', () => String, { description: 'E.g. `M-2026-000001`.' }) number: string,
  ): Promise<Order | null> {
    const found = await orderByNumber(context.services.orm.em.fork(), number);
    const view = found && (await viewOrder(context, found.id));
    return view ? toOrder(view) : null;
  }

  @Subscription(() => OrderStatusEvent, {
    topics: 'gateway',
    description: 'Every step of one’s order: its status, a vendor’s part, a parcel.',
  })
  async orderStatusChanged(
    @Ctx() context: OrdersContext,
    @Root() root: StreamRoot,
    @Arg('orderId', () => ID, { description: 'One’s own order.' }) orderId: string,
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after?: string | null,
  ): Promise<OrderStatusEvent> {
    requireUser(context.viewer);
    const view = await viewOrder(context, orderId);
    // A vendor has its own feed; this one tells of all parts.
    if (!view || !seesWholeOrder(context.viewer, view.order)) throw badUserInput('No such order.');
    const change = root.kind === 'LIVE' ? (root.envelope?.payload as OrderStatusChanged) : undefined;
    if (root.kind === 'LIVE' && change?.orderId !== orderId) throw eventSkipped();
    if (!change) root.shows = { name: orderStatusChanged.name, key: orderId, sequence: view.order.version };
    const part = change?.vendorOrderId ? await context.loaders.vendorOrders.load(change.vendorOrderId) : null;
    const parcel = change?.fulfillmentId ? await context.loaders.fulfillments.load(change.fulfillmentId) : null;
    return Object.assign(new OrderStatusEvent(), {
      __typename: 'OrderStatusEvent',
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
      order: toOrder(view),
      previousStatus: (change?.previousStatus ?? null) as OrderStatus | null,
      status: (change?.status ?? view.order.status) as OrderStatus,
      vendorOrder: part && toVendorOrder(part),
      fulfillment: parcel && toFulfillment(parcel),
    });
  }

  @FieldResolver(() => [VendorOrder], { description: 'One per vendor; a vendor sees its own.' })
  async vendorOrders(@Root() order: Order, @Ctx() context: OrdersContext): Promise<VendorOrder[]> {
    return (await visibleParts(order, context)).map(toVendorOrder);
  }

  @FieldResolver(() => [OrderLine], { description: 'All lines this viewer sees, by vendor.' })
  async lines(@Root() order: Order, @Ctx() context: OrdersContext): Promise<OrderLine[]> {
    return (await visibleLines(order, context)).map(toOrderLine);
  }

  @FieldResolver(() => [AppliedPromotion], {
    description: 'What codes took off, at most 5; for a vendor, off its own part.',
  })
  async promotions(@Root() { id, ownParts }: Order, @Ctx() { loaders }: OrdersContext): Promise<AppliedPromotion[]> {
    const all = await loaders.promotionsOfOrder.load(id);
    const isVisible = (vendorOrderId: string) => !ownParts || ownParts.some((part) => part.id === vendorOrderId);
    return toAppliedPromotions(all.filter(({ vendorOrderId }) => isVisible(vendorOrderId)));
  }

  @FieldResolver(() => OrderFulfillmentStatus, {
    description: 'How much of what will be sent has left, and whether it stayed away.',
  })
  async fulfillmentStatus(@Root() order: Order, @Ctx() context: OrdersContext): Promise<OrderFulfillmentStatus> {
    const sent = (await visibleLines(order, context)).filter(
      ({ vendorOrderStatus }) => vendorOrderStatus !== 'REJECTED' && vendorOrderStatus !== 'CANCELED',
    );
    const ordered = sent.reduce((units, line) => units + line.quantity, 0);
    const left = sent.reduce((units, line) => units + line.quantityFulfilled, 0);
    const returned = sent.reduce((units, line) => units + line.quantityReturned, 0);
    return OrderFulfillmentStatus[fulfillmentStatusOf({ ordered, left, returned })];
  }

  @FieldResolver(() => OrderHistoryConnection, { description: 'What happened, oldest first. At most 100 at once.' })
  async events(
    @Root() order: Order,
    @Ctx() context: OrdersContext,
    @Arg('first', () => Int, { defaultValue: 50, description: 'From 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<OrderHistoryConnection> {
    const page = pageRequest({ first, after }, { arity: 1 });
    const rows = await historyOfOrder(context.services.orm.em.fork(), order.id, {
      ...(page.after ? { after: wholeNumber(page.after[0]) } : {}),
      limit: page.limit + 1,
      ...(order.ownParts ? { subjects: await visibleSubjects(order, order.ownParts, context) } : {}),
    });
    return toConnection(rows, page, { key: (row) => [row.sequence], node: (row) => row });
  }
}

export async function orderReference({ id }: Record<string, unknown>, context: OrdersContext): Promise<Order | null> {
  const view = typeof id === 'string' ? await viewOrder(context, id) : null;
  return view && toOrder(view);
}

async function visibleParts(order: Order, { loaders }: OrdersContext): Promise<StoredVendorOrder[]> {
  return order.ownParts ?? (await loaders.vendorOrdersOfOrder.load(order.id));
}

async function visibleLines(order: Order, context: OrdersContext): Promise<StoredLine[]> {
  const parts = await visibleParts(order, context);
  return (await Promise.all(parts.map((part) => context.loaders.linesOfVendorOrder.load(part.id)))).flat();
}

/** The history of a vendor's view: the order, its own part, its own parcels and returns. */
async function visibleSubjects(
  order: Order,
  parts: readonly StoredVendorOrder[],
  { loaders }: OrdersContext,
): Promise<string[]> {
  const parcels = await Promise.all(parts.map((part) => loaders.fulfillmentsOfVendorOrder.load(part.id)));
  const returns = await Promise.all(parts.map((part) => loaders.returnsOfVendorOrder.load(part.id)));
  return [order, ...parts, ...parcels.flat(), ...returns.flat()].map(({ id }) => id);
}
