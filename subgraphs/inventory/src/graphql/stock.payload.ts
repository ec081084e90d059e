import { Field, Int, ObjectType } from 'type-graphql';
import { UserError } from './shared.type.ts';
import { InventoryDrift, Reservation, StockLevel, Warehouse } from './stock.type.ts';

@ObjectType({ description: 'Outcome of `warehouseUpsert`.' })
export class WarehousePayload {
  @Field(() => Warehouse, { nullable: true, description: 'The warehouse as it is now.' })
  warehouse?: Warehouse | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of stock.' })
export class StockLevelPayload {
  @Field(() => StockLevel, { nullable: true, description: 'The level after the change.' })
  stockLevel?: StockLevel | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of a reservation.' })
export class ReservationPayload {
  @Field(() => Reservation, { nullable: true, description: 'The reservation as it is now.' })
  reservation?: Reservation | null;

  @Field(() => [UserError], { description: 'Why it was refused; one InsufficientStockError per short offer.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of `inventoryTransfer`.' })
export class InventoryTransferPayload {
  @Field(() => StockLevel, { nullable: true, description: 'The level they left, after the change.' })
  from?: StockLevel | null;

  @Field(() => StockLevel, { nullable: true, description: 'The level they came to, after the change.' })
  to?: StockLevel | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of `inventorySyncBatch`.' })
export class InventorySyncPayload {
  @Field(() => Int, { description: 'Entries whose count is now the level’s.' })
  applied!: number;

  @Field(() => Int, { description: 'Entries of a version that was taken over before, or of an older one.' })
  skippedStale!: number;

  @Field(() => [UserError], { description: 'One per entry that was not taken over; `field` begins `entries`, index.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Whether a checkout may begin.' })
export class StockAdmissionPayload {
  @Field(() => [UserError], { description: 'Empty when it may; else one InsufficientStockError per short offer.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Whether units of a sale came back.' })
export class StockReturnPayload {
  @Field(() => [UserError], { description: 'Why nothing came back; empty when it did.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of `inventoryReconcile`.' })
export class InventoryReconcilePayload {
  @Field(() => Int, { description: 'Counters put right.' })
  corrected!: number;

  @Field(() => [InventoryDrift], { description: 'What was wrong.' })
  drifts!: InventoryDrift[];

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}
