import { DateTime } from '@marketgraph/platform/graphql';
import { Field, ID, InputType, Int } from 'type-graphql';
import { MoneyInput } from './shared.type.ts';

@InputType({ description: 'What one offer costs when so many are bought.' })
export class PriceListEntryInput {
  @Field(() => ID, { description: 'An offer of the vendor.' })
  offerId!: string;

  @Field(() => Int, { description: 'From so many on, 1 to 1,000,000.' })
  minQuantity!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Up to so many, these included; any number when absent. Tiers of one offer share no quantity.',
  })
  maxQuantity?: number | null;

  @Field(() => MoneyInput, { description: 'What one costs then, in the currency of the offer.' })
  unitPrice!: MoneyInput;
}

@InputType({ description: 'A price list to create, or all of one to change: what is absent is taken away.' })
export class PriceListInput {
  @Field(() => ID, { nullable: true, description: 'The list to change. Absent: a new one.' })
  id?: string | null;

  @Field(() => String, { description: '1 to 100 characters, for people.' })
  name!: string;

  @Field(() => ID, { description: 'Whose offers are in it; you act for this vendor.' })
  vendorId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Makes it a contract with this organization. Absent: for more than one. Stays as it is.',
  })
  buyerOrganizationId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Only for whoever buys for an organization; no when absent. Stays as it is.',
  })
  businessOnly?: boolean | null;

  @Field(() => [PriceListEntryInput], {
    description: 'At most 1,000, and 20 of one offer. None: the list says nothing any more.',
  })
  entries!: PriceListEntryInput[];

  @Field(() => DateTime, { nullable: true, description: 'From this instant on; at once when absent.' })
  validFrom?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before this instant; for good when absent.' })
  validUntil?: Date | null;
}
