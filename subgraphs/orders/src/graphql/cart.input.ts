import { Field, ID, InputType, Int } from 'type-graphql';
import { PostalAddressInput } from './shared.type.ts';

const TOKEN = 'Of a guest’s cart; not needed for one’s own.';

@InputType({ description: 'Some units of one offer.' })
export class CartLineInput {
  @Field(() => ID, { description: 'What to buy.' })
  offerId!: string;

  @Field(() => Int, { description: 'From 1 to 9,999, added to what is in the cart.' })
  quantity!: number;
}

@InputType({ description: 'What to put into a cart.' })
export class CartLinesAddInput {
  @Field(() => ID, { nullable: true, description: 'Null for one’s open cart, or a new one.' })
  cartId?: string | null;

  @Field(() => String, { nullable: true, description: TOKEN })
  token?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'For whom the cart is bought from now on, at whose prices: an organization you purchase for. Absent: as it was.',
  })
  organizationId?: string | null;

  @Field(() => [CartLineInput], { description: 'All of them are added, or none.' })
  lines!: CartLineInput[];
}

@InputType({ description: 'Another quantity of a line.' })
export class CartLineUpdate {
  @Field(() => ID, { description: 'The line.' })
  lineId!: string;

  @Field(() => Int, { description: 'From 1 to 9,999, instead of the present one.' })
  quantity!: number;
}

@InputType({ description: 'Other quantities in a cart.' })
export class CartLinesUpdateInput {
  @Field(() => ID, { description: 'The cart.' })
  cartId!: string;

  @Field(() => String, { nullable: true, description: TOKEN })
  token?: string | null;

  @Field(() => Int, { nullable: true, description: 'Refuse when the cart is at another version.' })
  expectedVersion?: number | null;

  @Field(() => [CartLineUpdate], { description: 'All of them are changed, or none.' })
  lines!: CartLineUpdate[];
}

@InputType({ description: 'What to take out of a cart.' })
export class CartLinesRemoveInput {
  @Field(() => ID, { description: 'The cart.' })
  cartId!: string;

  @Field(() => String, { nullable: true, description: TOKEN })
  token?: string | null;

  @Field(() => [ID], { description: 'All of them are removed, or none.' })
  lineIds!: string[];
}

@InputType({ description: 'Where to deliver, and whom to bill.' })
export class CartAddressInput {
  @Field(() => ID, { description: 'The cart.' })
  cartId!: string;

  @Field(() => String, { nullable: true, description: TOKEN })
  token?: string | null;

  @Field(() => PostalAddressInput, { nullable: true, description: 'Left as it is when absent.' })
  shipping?: PostalAddressInput | null;

  @Field(() => PostalAddressInput, { nullable: true, description: 'The shipping address counts when there is none.' })
  billing?: PostalAddressInput | null;
}

@InputType({ description: 'How one vendor’s parcel is sent.' })
export class CartDeliveryInput {
  @Field(() => ID, { description: 'The cart.' })
  cartId!: string;

  @Field(() => String, { nullable: true, description: TOKEN })
  token?: string | null;

  @Field(() => ID, { description: 'Whose parcel.' })
  vendorId!: string;

  @Field(() => ID, { description: 'One of the group’s `deliveryOptions`.' })
  deliveryOptionId!: string;
}
