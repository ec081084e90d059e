import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Cart as DomainCart } from '../domain/cart.ts';
import { Offer, Organization, User, Vendor } from './entities.type.ts';
import { Money, Node, PageInfo, PostalAddress, StreamEvent, UserError } from './shared.type.ts';

@ObjectType({ description: 'Some units of one offer.' })
export class CartLine {
  @Field(() => ID, { description: 'Of the line, within its cart.' })
  id!: string;

  @Field(() => Offer, { description: 'What is bought.' })
  offer!: Offer;

  @Field(() => Int, { description: 'From 1 to 9,999.' })
  quantity!: number;

  @Field(() => Money, { description: 'The catalog’s price now, before tax.' })
  unitPrice!: Money;

  @Field(() => Money, { description: 'Unit price times quantity less discounts, before tax.' })
  lineTotal!: Money;
}

@ObjectType({ description: 'How a parcel can be sent.' })
export class DeliveryOption {
  @Field(() => ID, { description: 'For `cartDeliverySelect`.' })
  id!: string;

  @Field(() => String, { description: 'For people.' })
  name!: string;

  @Field(() => Money, { description: 'What it costs; includes whatever tax there is on carriage.' })
  price!: Money;

  @Field(() => DateTime, { nullable: true, description: 'When it should arrive if ordered now.' })
  estimatedDelivery!: Date | null;
}

@ObjectType({ description: 'The part of a cart that one vendor sends.' })
export class CartVendorGroup {
  @Field(() => Vendor, { description: 'Who sells and sends it.' })
  vendor!: Vendor;

  @Field(() => [CartLine], { description: 'What is in the parcel.' })
  lines!: CartLine[];

  @Field(() => [DeliveryOption], { description: 'Empty until the cart has a shipping address.' })
  deliveryOptions!: DeliveryOption[];

  @Field(() => DeliveryOption, { nullable: true, description: 'The buyer’s choice, or the first option.' })
  selectedDelivery!: DeliveryOption | null;

  @Field(() => Money, { description: 'Of the goods, before discounts, delivery and tax.' })
  subtotal!: Money;
}

export enum CartWarningCode {
  PRICE_CHANGED = 'PRICE_CHANGED',
  VENDOR_PAUSED = 'VENDOR_PAUSED',
  PROMOTION_NOT_APPLICABLE = 'PROMOTION_NOT_APPLICABLE',
}

registerEnumType(CartWarningCode, {
  name: 'CartWarningCode',
  description: 'What the buyer should look at before paying.',
  valuesConfig: {
    PRICE_CHANGED: { description: 'The price moved since the line was put in the cart.' },
    VENDOR_PAUSED: { description: 'The offer is not on sale at the moment.' },
    PROMOTION_NOT_APPLICABLE: { description: 'A code in the cart takes nothing off at the moment.' },
  },
});

@ObjectType({ description: 'Something to look at before paying.' })
export class CartWarning {
  @Field(() => CartWarningCode, { description: 'For programs.' })
  code!: CartWarningCode;

  @Field(() => String, { description: 'For people.' })
  message!: string;

  @Field(() => CartLine, { nullable: true, description: 'The line it is about.' })
  line!: CartLine | null;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description:
    'What somebody is about to buy. Kept for seven days after the last change; at most 500 lines, in one currency. All prices are the catalog’s.',
})
export class Cart extends Node {
  @Field(() => String, { nullable: true, description: 'Of a guest’s cart: whoever sends it may use the cart.' })
  token!: string | null;

  @Field(() => User, { nullable: true, description: 'Null for a guest’s cart.' })
  buyer!: User | null;

  @Field(() => Organization, {
    nullable: true,
    description: 'For whom is bought, at whose prices; null: for the buyer alone.',
  })
  organization!: Organization | null;

  @Field(() => PostalAddress, { nullable: true, description: 'Where to deliver.' })
  shippingAddress!: PostalAddress | null;

  @Field(() => [String], { description: 'The codes in it, at most 5, also those that do not apply now.' })
  promotionCodes!: string[];

  @Field(() => DateTime, { description: 'The cart is forgotten then, unless it is changed before.' })
  expiresAt!: Date;

  @Field(() => DateTime, { description: 'When it was changed last.' })
  updatedAt!: Date;

  @Field(() => Int, { description: 'Grows with every change.' })
  version!: number;

  /** Not a field: what the field resolvers work from. */
  state!: DomainCart;
}

@ObjectType({ description: 'Outcome of a change of a cart.' })
export class CartPayload {
  @Field(() => Cart, { nullable: true, description: 'The cart as it is now; null when there is none to show.' })
  cart!: Cart | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'A cart with its place in the list.' })
export class CartEdge {
  @Field(() => String, { description: 'For `after`.' })
  cursor!: string;

  @Field(() => Cart, { description: 'The cart.' })
  node!: Cart;
}

@ObjectType({ description: 'A page of carts, last left first.' })
export class CartConnection {
  @Field(() => [CartEdge], { description: 'The carts; may be fewer than asked for although there are more.' })
  edges!: CartEdge[];

  @Field(() => PageInfo, { description: 'Where the page is.' })
  pageInfo!: PageInfo;
}

@ObjectType({ implements: StreamEvent, description: 'A cart has another content.' })
export class CartEvent extends StreamEvent {
  @Field(() => Cart, { description: 'The cart as it is now.' })
  cart!: Cart;
}
