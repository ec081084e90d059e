import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node, PageInfo, PostalAddress, StreamEvent, UserError } from './shared.type.ts';

export enum AvailabilityStatus {
  IN_STOCK = 'IN_STOCK',
  LOW_STOCK = 'LOW_STOCK',
  OUT_OF_STOCK = 'OUT_OF_STOCK',
}
registerEnumType(AvailabilityStatus, {
  name: 'AvailabilityStatus',
  description: 'Whether an offer can be bought now.',
  valuesConfig: {
    IN_STOCK: { description: 'More than the low-stock threshold.' },
    LOW_STOCK: { description: 'Few are left.' },
    OUT_OF_STOCK: { description: 'None can be bought now.' },
  },
});

export enum StockMovementReason {
  RECEIPT = 'RECEIPT',
  ADJUSTMENT = 'ADJUSTMENT',
  SALE = 'SALE',
  RETURN = 'RETURN',
  TRANSFER_IN = 'TRANSFER_IN',
  TRANSFER_OUT = 'TRANSFER_OUT',
  SYNC = 'SYNC',
  RESERVATION = 'RESERVATION',
  RELEASE = 'RELEASE',
  EXPIRY = 'EXPIRY',
}
registerEnumType(StockMovementReason, {
  name: 'StockMovementReason',
  description: 'Why units moved.',
  valuesConfig: {
    RECEIPT: { description: 'New units came in.' },
    ADJUSTMENT: { description: 'Counted anew, or put right by hand.' },
    SALE: { description: 'Sold: on hand and reserved both go down.' },
    RETURN: { description: 'Came back from a buyer.' },
    TRANSFER_IN: { description: 'Came from another warehouse.' },
    TRANSFER_OUT: { description: 'Went to another warehouse.' },
    SYNC: { description: "Taken over from the vendor's own system." },
    RESERVATION: { description: 'Set aside for a checkout.' },
    RELEASE: { description: 'Free again: the checkout did not become a sale.' },
    EXPIRY: { description: 'Free again: nobody paid in time.' },
  },
});

export enum ReservationStatus {
  ACTIVE = 'ACTIVE',
  CONFIRMED = 'CONFIRMED',
  RELEASED = 'RELEASED',
  EXPIRED = 'EXPIRED',
}
registerEnumType(ReservationStatus, {
  name: 'ReservationStatus',
  description: 'Where a reservation stands.',
  valuesConfig: {
    ACTIVE: { description: 'The units are set aside until `expiresAt`.' },
    CONFIRMED: { description: 'Sold.' },
    RELEASED: { description: 'Given back.' },
    EXPIRED: { description: 'Its time was over.' },
  },
});

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'A place that holds stock.' })
export class Warehouse extends Node {
  @Field(() => String, { description: "The vendor's own short name for it, unique per vendor." })
  code!: string;

  @Field(() => String, { description: 'Name.' })
  name!: string;

  @Field(() => String, { description: 'Region it ships from, e.g. `EU`.' })
  region!: string;

  @Field(() => PostalAddress, { nullable: true, description: 'Where it is; for its own vendor only.' })
  address?: PostalAddress | null;

  vendorId!: string | null;
}

@ObjectType({ description: 'One change of a stock level; never altered afterwards.' })
export class StockMovement {
  @Field(() => ID, { description: 'The movement.' })
  id!: string;

  @Field(() => Int, {
    description: 'Units more or fewer on hand; where these did not change, units more or fewer to be bought.',
  })
  quantity!: number;

  @Field(() => StockMovementReason, { description: 'Why.' })
  reason!: StockMovementReason;

  @Field(() => ID, { nullable: true, description: 'What caused it, e.g. a reservation.' })
  referenceId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who did it, when it was done by hand.' })
  actorId?: string | null;

  @Field(() => DateTime, { description: 'When.' })
  at!: Date;
}

@ObjectType({ description: 'One movement in a list.' })
export class StockMovementEdge {
  @Field(() => String, { description: 'Cursor.' })
  cursor!: string;

  @Field(() => StockMovement, { description: 'The movement.' })
  node!: StockMovement;
}

@ObjectType({ description: 'Movements, newest first.' })
export class StockMovementConnection {
  @Field(() => [StockMovementEdge], { description: 'The page.' })
  edges!: StockMovementEdge[];

  @Field(() => PageInfo, { description: 'Where the page begins and ends.' })
  pageInfo!: PageInfo;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Stock of one offer in one warehouse; `available = onHand − reserved`, never below 0.',
})
export class StockLevel extends Node {
  @Field(() => Int, { description: 'Units in the warehouse.' })
  onHand!: number;

  @Field(() => Int, { description: 'Units set aside for checkouts.' })
  reserved!: number;

  @Field(() => Int, { description: 'Units that can be bought.' })
  available!: number;

  @Field(() => Int, { description: 'Grows with every change; give it as `expectedVersion`.' })
  version!: number;

  offerId!: string;
  warehouseId!: string;
}

/* The entities of other subgraphs that gain fields here. */

@Directive('@key(fields: "id")')
@ObjectType({ description: "The purchasable: one vendor's listing of one variant." })
export class Offer {
  @Field(() => ID, { description: 'The offer.' })
  id!: string;
}

@ObjectType({ description: 'What can be bought of an offer now, over all warehouses.' })
export class OfferAvailability {
  @Field(() => Offer, { description: 'The offer.' })
  offer!: Offer;

  @Field(() => Int, { description: 'Units that can be bought; 0 when there are none.' })
  available!: number;

  @Field(() => AvailabilityStatus, { description: 'The same as a word.' })
  status!: AvailabilityStatus;

  @Field(() => DateTime, { description: 'When it was read.' })
  asOf!: Date;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A seller.' })
export class Vendor {
  @Field(() => ID, { description: 'The vendor.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'One version of a product.' })
export class ProductVariant {
  @Field(() => ID, { description: 'The variant.' })
  id!: string;
}

@ObjectType({ description: 'Units of one offer from one warehouse.' })
export class ReservationLine {
  @Field(() => Offer, { description: 'The offer.' })
  offer!: Offer;

  @Field(() => Int, { description: 'Units.' })
  quantity!: number;

  warehouseId!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'Units set aside for one checkout, all lines or none.' })
export class Reservation extends Node {
  @Field(() => ReservationStatus, { description: 'Where it stands. Past `expiresAt` an unpaid one is EXPIRED.' })
  status!: ReservationStatus;

  @Field(() => DateTime, { description: 'Until when the units are set aside.' })
  expiresAt!: Date;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A cart.' })
export class Cart {
  @Field(() => ID, { description: 'The cart.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A lightning deal.' })
export class LightningDeal {
  @Field(() => ID, { description: 'The deal.' })
  id!: string;
}

@ObjectType({ description: 'The counter in front says another number than the ledger behind.' })
export class InventoryDrift {
  @Field(() => Offer, { description: 'The offer. Of an allowance, like the slots of a deal, its id and nothing else.' })
  offer!: Offer;

  @Field(() => Int, { description: 'What the counter says.' })
  counter!: number;

  @Field(() => Int, { description: 'What the database holds.' })
  ledger!: number;
}

@ObjectType({ implements: StreamEvent, description: 'The availability of an offer is another now.' })
export class StockChangedEvent extends StreamEvent {
  @Field(() => Offer, { description: 'The offer.' })
  offer!: Offer;

  @Field(() => Warehouse, { nullable: true, description: 'Where, when it was one warehouse; for its own vendor only.' })
  warehouse?: Warehouse | null;

  @Field(() => Int, { nullable: true, description: 'Units before; null in a snapshot.' })
  previousAvailable?: number | null;

  @Field(() => Int, { description: 'Units that can be bought now.' })
  available!: number;

  @Field(() => StockMovementReason, { nullable: true, description: 'Why; null in a snapshot.' })
  reason?: StockMovementReason | null;
}

@Directive('@shareable')
@ObjectType({ implements: UserError, description: 'There is less than was asked for.' })
export class InsufficientStockError extends UserError {
  @Field(() => Offer, { description: 'Of which offer.' })
  offer!: Offer;

  @Field(() => Int, { description: 'Units asked for, over all lines.' })
  requested!: number;

  @Field(() => Int, { description: 'Units there are.' })
  available!: number;
}
