import {
  badUserInput,
  CurrencyCode,
  hasRole,
  isMemberOf,
  isService,
  pageRequest,
  requireRole,
  toConnection,
  type Viewer,
} from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { salesOf } from '../store/sales.ts';
import { Cart } from './cart.type.ts';
import { toCart } from './cart.resolver.ts';
import type { OrdersContext } from './context.ts';
import { User, Vendor } from './entities.type.ts';
import { OrderConnection, VendorOrderConnection } from './order.type.ts';
import { OrderStatus, VendorOrderStatus } from './order-status.type.ts';
import { toOrder, toVendorOrder } from './order-views.ts';
import { SalesSummary } from './sales.type.ts';
import { DateTimeRange } from './shared.type.ts';

const FIRST = 'From 1 to 100.';
const AFTER = 'The cursor to go on from.';
const CURRENCY = 'Sales in this currency; the one with most orders when absent.';

@Resolver(() => User)
export class UserOrdersResolver {
  @FieldResolver(() => Cart, { nullable: true, description: 'One’s own open cart.' })
  async cart(@Root() { id }: User, @Ctx() { viewer, loaders }: OrdersContext): Promise<Cart | null> {
    if (!isSelf(viewer, id)) return null;
    const cart = await loaders.activeCarts.load(id);
    return cart ? toCart(cart) : null;
  }

  @FieldResolver(() => OrderConnection, { nullable: true, description: 'What one has ordered, newest first.' })
  async orders(
    @Root() { id }: User,
    @Ctx() { viewer, loaders }: OrdersContext,
    @Arg('first', () => Int, { defaultValue: 20, description: FIRST }) first: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('status', () => [OrderStatus], { nullable: true, description: 'Only orders in one of these.' })
    status?: OrderStatus[] | null,
  ): Promise<OrderConnection | null> {
    if (!isSelf(viewer, id) && !hasRole(viewer, 'OPERATOR', 'SUPPORT')) return null;
    const page = pageRequest({ first, after }, { arity: 1 });
    const rows = await loaders.ordersOfBuyer(id, page, status);
    const whole = (order: (typeof rows)[number]) => toOrder({ order, isWhole: true, ownParts: [] });
    return toConnection(rows, page, { key: (row) => [row.id], node: whole });
  }
}

@Resolver(() => Vendor)
export class VendorSalesResolver {
  @FieldResolver(() => VendorOrderConnection, {
    nullable: true,
    description: 'What the vendor has sold, newest first.',
  })
  async orders(
    @Root() { id }: Vendor,
    @Ctx() { viewer, loaders }: OrdersContext,
    @Arg('first', () => Int, { defaultValue: 20, description: FIRST }) first: number,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after?: string | null,
    @Arg('status', () => [VendorOrderStatus], { nullable: true, description: 'Only orders in one of these.' })
    status?: VendorOrderStatus[] | null,
  ): Promise<VendorOrderConnection | null> {
    if (!seesSalesOf(viewer, id)) return null;
    const page = pageRequest({ first, after }, { arity: 1 });
    const rows = await loaders.vendorOrdersOfVendor(id, page, status);
    return toConnection(rows, page, { key: (row) => [row.id], node: toVendorOrder });
  }

  @FieldResolver(() => SalesSummary, { nullable: true, description: 'The vendor’s sales in a span of time.' })
  async salesSummary(
    @Root() { id }: Vendor,
    @Ctx() context: OrdersContext,
    @Arg('range', () => DateTimeRange, { description: 'When the orders were confirmed.' }) range: DateTimeRange,
    @Arg('currency', () => CurrencyCode, { nullable: true, description: CURRENCY }) currency?: string | null,
  ): Promise<SalesSummary | null> {
    return seesSalesOf(context.viewer, id) ? await summary(context, { range, vendorId: id, currency }) : null;
  }
}

@Resolver()
export class MarketplaceSalesResolver {
  @Query(() => SalesSummary, { description: 'All vendors’ sales; for operators.' })
  async marketplaceSummary(
    @Ctx() context: OrdersContext,
    @Arg('range', () => DateTimeRange, { description: 'When the orders were confirmed.' }) range: DateTimeRange,
    @Arg('currency', () => CurrencyCode, { nullable: true, description: CURRENCY }) currency?: string | null,
  ): Promise<SalesSummary> {
    requireRole(context.viewer, 'OPERATOR');
    return await summary(context, { range, currency });
  }
}

async function summary(
  { services }: OrdersContext,
  { range, vendorId, currency }: { range: DateTimeRange; vendorId?: string; currency?: string | null },
): Promise<SalesSummary> {
  const span = { from: range.from ?? new Date(0), to: range.to ?? services.clock.now() };
  if (span.from > span.to) throw badUserInput('The range ends before it begins.');
  const sales = await salesOf(services.orm.em.fork(), { ...span, vendorId, currencyCode: currency });
  const topOffers = sales.topOffers.map(({ offerId, ...sold }) => ({ offer: { id: offerId }, ...sold }));
  return { ...sales, topOffers, range: span };
}

function isSelf(viewer: Viewer, userId: string): boolean {
  return viewer.kind === 'user' && viewer.userId === userId;
}

function seesSalesOf(viewer: Viewer, vendorId: string): boolean {
  return isMemberOf(viewer, vendorId) || hasRole(viewer, 'OPERATOR') || isService(viewer);
}
