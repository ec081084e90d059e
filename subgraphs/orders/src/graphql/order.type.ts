import { DateTime, URLScalar } from '@marketgraph/platform/graphql';
import { Directive, Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type { StoredVendorOrder } from '../store/order-rows.ts';
import { Offer, Organization, User, Vendor } from './entities.type.ts';
import {
  FulfillmentStatus,
  OrderLineStatus,
  OrderPaymentStatus,
  OrderStatus,
  VendorOrderEventType,
  VendorOrderStatus,
} from './order-status.type.ts';
import { Money, Node, PageInfo, PostalAddress, StreamEvent, UserError } from './shared.type.ts';

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description:
    'What a buyer placed: one payment, split into one part per vendor. A vendor sees it with its own part only, and all sums are of that part.',
})
export class Order extends Node {
  @Field(() => String, { nullable: true, description: 'For people; given when the order is confirmed.' })
  number!: string | null;

  @Field(() => OrderStatus, { description: 'Follows from the parts once the order is confirmed.' })
  status!: OrderStatus;

  @Field(() => User, { description: 'Who bought.' })
  buyer!: User;

  @Field(() => Organization, {
    nullable: true,
    description: 'For whom it was bought, at whose prices; null: for the buyer alone.',
  })
  organization!: Organization | null;

  @Field(() => PostalAddress, { description: 'A copy made when the order was placed.' })
  shippingAddress!: PostalAddress;

  @Field(() => PostalAddress, {
    nullable: true,
    description: 'A copy made when the order was placed; not for vendors.',
  })
  billingAddress!: PostalAddress | null;

  @Field(() => Money, { description: 'Of the goods, before discounts, delivery and tax.' })
  subtotal!: Money;

  @Field(() => Money, { description: 'What was taken off.' })
  discountTotal!: Money;

  @Field(() => Money, { description: 'Delivery.' })
  shippingTotal!: Money;

  @Field(() => Money, { description: 'Tax on the goods.' })
  taxTotal!: Money;

  @Field(() => Money, { description: 'What the buyer pays: subtotal less discounts, with delivery and tax.' })
  total!: Money;

  @Field(() => OrderPaymentStatus, { description: 'Where the money is.' })
  paymentStatus!: OrderPaymentStatus;

  @Field(() => String, { nullable: true, description: 'The buyer’s own reference.' })
  purchaseOrderNumber!: string | null;

  @Field(() => DateTime, { description: 'When the goods were held for the buyer.' })
  placedAt!: Date;

  @Field(() => DateTime, { description: 'When it changed last.' })
  updatedAt!: Date;

  @Field(() => Int, { description: 'Grows with every change of the order or of a part.' })
  version!: number;

  /** Not a field: the parts of a viewer who does not see all of it. */
  ownParts!: StoredVendorOrder[] | null;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'What one vendor sends; the unit of commission and payout.' })
export class VendorOrder extends Node {
  @Field(() => String, { nullable: true, description: 'For people; given when the order is confirmed.' })
  number!: string | null;

  @Field(() => Vendor, { description: 'Who sells and sends it.' })
  vendor!: Vendor;

  @Field(() => VendorOrderStatus, { description: 'Follows from its parcels once it is accepted.' })
  status!: VendorOrderStatus;

  @Field(() => Money, { description: 'Of the goods, before discounts, delivery and tax.' })
  subtotal!: Money;

  @Field(() => Money, { description: 'What was taken off.' })
  discountTotal!: Money;

  @Field(() => Money, { description: 'Delivery.' })
  shippingTotal!: Money;

  @Field(() => Money, { description: 'Tax on the goods.' })
  taxTotal!: Money;

  @Field(() => Money, { description: 'All parts of an order add up to its total.' })
  total!: Money;

  @Field(() => DateTime, { nullable: true, description: 'Until then it may be sent back; null before it has arrived.' })
  returnWindowEndsAt!: Date | null;

  @Field(() => Int, { description: 'For `expectedVersion`.' })
  version!: number;

  /** Not a field. */
  orderId!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Units of one offer as they were sold: a later price or title changes nothing here.',
})
export class OrderLine extends Node {
  @Field(() => Offer, { description: 'What was bought.' })
  offer!: Offer;

  @Field(() => String, { description: 'As it was when it was bought.' })
  title!: string;

  @Field(() => String, { description: 'As it was when it was bought.' })
  sku!: string;

  @Field(() => Int, { description: 'Units bought.' })
  quantity!: number;

  @Field(() => Money, { description: 'Before tax.' })
  unitPrice!: Money;

  @Field(() => Money, { description: 'Tax on the line.' })
  taxAmount!: Money;

  @Field(() => Money, { description: 'What was taken off.' })
  discountAmount!: Money;

  @Field(() => Money, { description: 'Unit price times quantity less discount, before tax.' })
  lineTotal!: Money;

  @Field(() => OrderLineStatus, { description: 'What became of it.' })
  status!: OrderLineStatus;

  @Field(() => Int, { description: 'Units that have left.' })
  quantityFulfilled!: number;

  @Field(() => Int, { description: 'Units that the vendor has received back.' })
  quantityReturned!: number;
}

@ObjectType({ description: 'Units of a line in a parcel.' })
export class FulfillmentLine {
  @Field(() => OrderLine, { description: 'The line.' })
  line!: OrderLine;

  @Field(() => Int, { description: 'Units in this parcel.' })
  quantity!: number;
}

@ObjectType({ description: 'A step of a parcel.' })
export class TrackingEvent {
  @Field(() => DateTime, { description: 'When it happened.' })
  at!: Date;

  @Field(() => String, { description: 'For programs: the status it led to.' })
  code!: string;

  @Field(() => String, { description: 'For people.' })
  description!: string;

  @Field(() => String, { nullable: true, description: 'Where, when the carrier says so.' })
  location!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Latitude of the place, in degrees; of an area, never of a house.',
  })
  lat!: number | null;

  @Field(() => Float, { nullable: true, description: 'Longitude of the place, in degrees.' })
  lon!: number | null;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'A parcel.' })
export class Fulfillment extends Node {
  @Field(() => FulfillmentStatus, { description: 'Where it is.' })
  status!: FulfillmentStatus;

  @Field(() => ID, { nullable: true, description: 'Where it is sent from, when the vendor said so.' })
  warehouseId!: string | null;

  @Field(() => String, { nullable: true, description: 'Who carries it.' })
  carrier!: string | null;

  @Field(() => String, { nullable: true, description: 'The carrier’s number.' })
  trackingNumber!: string | null;

  @Field(() => URLScalar, { nullable: true, description: 'The carrier’s page about it.' })
  trackingUrl!: string | null;

  @Field(() => URLScalar, { nullable: true, description: 'The label to print; for the vendor.' })
  labelUrl!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it left.' })
  shippedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it arrived.' })
  deliveredAt!: Date | null;
}

@ObjectType({ description: 'A change of an order, of one of its parts, or of a parcel.' })
export class OrderHistoryEntry {
  @Field(() => ID, { description: 'Of the entry.' })
  id!: string;

  @Field(() => String, {
    description:
      'ORDER_STATUS, PAYMENT_STATUS, VENDOR_ORDER_STATUS, FULFILLMENT_STATUS or RETURN_STATUS: which machine moved.',
  })
  type!: string;

  @Field(() => ID, { description: 'The order, part, parcel or return that changed.' })
  subjectId!: string;

  @Field(() => String, { nullable: true, description: 'Null when it came into being.' })
  from!: string | null;

  @Field(() => String, { description: 'What it is since.' })
  to!: string;

  @Field(() => ID, { nullable: true, description: 'Who did it; null when the system did.' })
  actorId!: string | null;

  @Field(() => DateTime, { description: 'When.' })
  at!: Date;
}

@ObjectType({ description: 'An entry with its place in the list.' })
export class OrderHistoryEdge {
  @Field(() => String, { description: 'For `after`.' })
  cursor!: string;

  @Field(() => OrderHistoryEntry, { description: 'The entry.' })
  node!: OrderHistoryEntry;
}

@ObjectType({ description: 'A page of history, oldest first.' })
export class OrderHistoryConnection {
  @Field(() => [OrderHistoryEdge], { description: 'The entries.' })
  edges!: OrderHistoryEdge[];

  @Field(() => PageInfo, { description: 'Where the page is.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'An order with its place in the list.' })
export class OrderEdge {
  @Field(() => String, { description: 'For `after`.' })
  cursor!: string;

  @Field(() => Order, { description: 'The order.' })
  node!: Order;
}

@ObjectType({ description: 'A page of orders, newest first.' })
export class OrderConnection {
  @Field(() => [OrderEdge], { description: 'The orders.' })
  edges!: OrderEdge[];

  @Field(() => PageInfo, { description: 'Where the page is.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'A vendor’s order with its place in the list.' })
export class VendorOrderEdge {
  @Field(() => String, { description: 'For `after`.' })
  cursor!: string;

  @Field(() => VendorOrder, { description: 'The vendor’s order.' })
  node!: VendorOrder;
}

@ObjectType({ description: 'A page of a vendor’s orders, newest first.' })
export class VendorOrderConnection {
  @Field(() => [VendorOrderEdge], { description: 'The vendor’s orders.' })
  edges!: VendorOrderEdge[];

  @Field(() => PageInfo, { description: 'Where the page is.' })
  pageInfo!: PageInfo;
}

@ObjectType({ implements: StreamEvent, description: 'Something about an order moved.' })
export class OrderStatusEvent extends StreamEvent {
  @Field(() => Order, { description: 'The order as it is now.' })
  order!: Order;

  @Field(() => OrderStatus, { nullable: true, description: 'What it was; null for the first event and the snapshot.' })
  previousStatus!: OrderStatus | null;

  @Field(() => OrderStatus, { description: 'What it became; the same as before when only a part or a parcel moved.' })
  status!: OrderStatus;

  @Field(() => VendorOrder, { nullable: true, description: 'The part that moved.' })
  vendorOrder!: VendorOrder | null;

  @Field(() => Fulfillment, { nullable: true, description: 'The parcel that moved.' })
  fulfillment!: Fulfillment | null;
}

@ObjectType({ implements: StreamEvent, description: 'Something about a vendor’s orders moved.' })
export class VendorOrderEvent extends StreamEvent {
  @Field(() => VendorOrderEventType, { nullable: true, description: 'What happened; null for the snapshot.' })
  type!: VendorOrderEventType | null;

  @Field(() => VendorOrder, {
    nullable: true,
    description: 'The order as it is now; in the snapshot the newest one, or null when there is none.',
  })
  vendorOrder!: VendorOrder | null;
}

@ObjectType({ description: 'Outcome of a vendor’s answer to an order.' })
export class VendorOrderPayload {
  @Field(() => VendorOrder, { nullable: true, description: 'The order as it is now.' })
  vendorOrder!: VendorOrder | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of a parcel.' })
export class FulfillmentPayload {
  @Field(() => Fulfillment, { nullable: true, description: 'The parcel as it is now.' })
  fulfillment!: Fulfillment | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of an order.' })
export class OrderPayload {
  @Field(() => Order, { nullable: true, description: 'The order as it is now; null when there is none to show.' })
  order!: Order | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}
