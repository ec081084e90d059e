import { CountryCode } from '@marketgraph/platform/graphql';
import { Field, ID, InputType, Int } from 'type-graphql';
import { PostalAddressInput } from './shared.type.ts';
import { StockMovementReason } from './stock.type.ts';

@InputType({ description: 'A new warehouse, or another face for one.' })
export class WarehouseInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The warehouse to change; without it, the one with this code or a new one.',
  })
  id?: string | null;

  @Field(() => String, { description: 'Short name, unique per vendor: 1 to 64 letters, digits, - and _.' })
  code!: string;

  @Field(() => String, { description: 'Name.' })
  name!: string;

  @Field(() => String, { description: 'Region it ships from.' })
  region!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose it is; without it the marketplace’s own, which only operators open.',
  })
  vendorId?: string | null;

  @Field(() => PostalAddressInput, { nullable: true, description: 'Where it is.' })
  address?: PostalAddressInput | null;
}

@InputType({ description: 'More or fewer units than before.' })
export class InventoryAdjustInput {
  @Field(() => ID, { description: 'The offer.' })
  offerId!: string;

  @Field(() => ID, { description: 'The warehouse.' })
  warehouseId!: string;

  @Field(() => Int, { description: 'Units more (or fewer, negative); not 0.' })
  delta!: number;

  @Field(() => StockMovementReason, { description: 'RECEIPT, ADJUSTMENT, RETURN or SYNC.' })
  reason!: StockMovementReason;

  @Field(() => String, { nullable: true, description: 'For people.' })
  note?: string | null;
}

@InputType({ description: 'The units that were counted.' })
export class InventorySetInput {
  @Field(() => ID, { description: 'The offer.' })
  offerId!: string;

  @Field(() => ID, { description: 'The warehouse.' })
  warehouseId!: string;

  @Field(() => Int, { description: 'Units there are; not fewer than are reserved.' })
  onHand!: number;

  @Field(() => Int, { description: 'The version the count was based on; 0 for a level that does not exist yet.' })
  expectedVersion!: number;
}

@InputType({ description: 'Units that go from one warehouse to another.' })
export class InventoryTransferInput {
  @Field(() => ID, { description: 'The offer.' })
  offerId!: string;

  @Field(() => ID, { description: 'The warehouse they leave.' })
  fromWarehouseId!: string;

  @Field(() => ID, { description: 'The warehouse they come to.' })
  toWarehouseId!: string;

  @Field(() => Int, { description: 'Units, from 1; not more than are free there.' })
  quantity!: number;
}

@InputType({ description: "What a vendor's own system has counted of one offer in one warehouse." })
export class InventorySyncEntry {
  @Field(() => String, { description: 'The SKU of the offer.' })
  sku!: string;

  @Field(() => String, { description: 'The code of the warehouse.' })
  warehouseCode!: string;

  @Field(() => Int, { description: 'Units there are; not fewer than are reserved.' })
  onHand!: number;

  @Field(() => String, {
    description: 'A whole number of up to 18 digits that grows from count to count, e.g. a Unix time.',
  })
  sourceVersion!: string;
}

@InputType({ description: "Counts of a vendor's own system." })
export class InventorySyncInput {
  @Field(() => ID, { description: 'Whose stock.' })
  vendorId!: string;

  @Field(() => String, { description: 'Name of the system; each has versions of its own.' })
  source!: string;

  @Field(() => [InventorySyncEntry], { description: 'From 1 to 1,000.' })
  entries!: InventorySyncEntry[];
}

@InputType({ description: 'One line to reserve.' })
export class StockReserveLine {
  @Field(() => ID, { description: 'The offer.' })
  offerId!: string;

  @Field(() => Int, { description: 'Units, from 1.' })
  quantity!: number;
}

@InputType({ description: 'Units a checkout is about to ask for.' })
export class StockAdmitInput {
  @Field(() => ID, { description: 'The cart, whose claim it will be.' })
  cartId!: string;

  @Field(() => [StockReserveLine], { description: '1 to 500 lines.' })
  lines!: StockReserveLine[];
}

@InputType({ description: 'Where goods go to.' })
export class StockDestinationInput {
  @Field(() => CountryCode, { description: 'Country.' })
  countryCode!: string;

  @Field(() => String, { nullable: true, description: 'State or region.' })
  region?: string | null;
}

@InputType({ description: 'Units to set aside for a checkout.' })
export class StockReserveInput {
  @Field(() => ID, { description: 'The cart.' })
  cartId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The same key gives the same reservation; without it the cart is the key.',
  })
  idempotencyKey?: string | null;

  @Field(() => Int, { nullable: true, description: 'Seconds until it expires, 1 to 86,400.' })
  ttlSeconds?: number | null;

  @Field(() => StockDestinationInput, {
    nullable: true,
    description: 'The nearest warehouses give the units; without it the fullest.',
  })
  shipTo?: StockDestinationInput | null;

  @Field(() => [StockReserveLine], { description: '1 to 500 lines.' })
  lines!: StockReserveLine[];
}

@InputType({ description: 'Units of a sale that come back.' })
export class StockReturnInput {
  @Field(() => ID, { description: 'What comes back; the same one comes back once.' })
  id!: string;

  @Field(() => ID, { description: 'The order it was sold with.' })
  orderId!: string;

  @Field(() => [StockReserveLine], { description: '1 to 500 lines; in all returns of an order no more than was sold.' })
  lines!: StockReserveLine[];
}
