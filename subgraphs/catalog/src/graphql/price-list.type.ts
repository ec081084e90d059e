import { DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, Int, ObjectType } from 'type-graphql';
import { BUSINESS, type PriceListEntry as EntryState } from '../domain/price-list.ts';
import type { PriceListHead } from '../store/price-lists.ts';
import { PriceTier } from './price.type.ts';
import { Node, PageInfo, UserError } from './shared.type.ts';
import { toVendor, Vendor } from './vendor.type.ts';

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A company that people buy or sell for.' })
export class Organization {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description:
    'A vendor’s prices by quantity, for an audience and a time. For the vendor, the organization of a contract, and operators.',
})
export class PriceList extends Node {
  @Field(() => String, { description: 'For people.' })
  name!: string;

  @Field(() => Vendor, { nullable: true, description: 'Whose offers are in it.' })
  seller!: Vendor | null;

  @Field(() => Organization, {
    nullable: true,
    description: 'The organization it is a contract with; null when it is for more than one.',
  })
  buyerOrganization!: Organization | null;

  @Field(() => Boolean, { description: 'Whether it is for whoever buys for an organization.' })
  businessOnly!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'From this instant on; null: from the beginning.' })
  validFrom!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before this instant; null: for good.' })
  validUntil!: Date | null;

  @Field(() => DateTime, { description: 'When it was changed last.' })
  updatedAt!: Date;

  @Field(() => Int, { description: 'Counts its changes; pass it as `expectedVersion`.' })
  version!: number;

  state!: PriceListHead;
}

@ObjectType({ description: 'What one offer costs by a list, for some quantities.' })
export class PriceListEntry {
  @Field(() => PriceTier, { description: 'The quantities and the price.' })
  tier!: PriceTier;

  offerId!: string;
}

@ObjectType({ description: 'An entry of a price list with its place in it.' })
export class PriceListEntryEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => PriceListEntry, { description: 'The entry.' })
  node!: PriceListEntry;
}

@ObjectType({ description: 'A page of entries, by offer and then by quantity.' })
export class PriceListEntryConnection {
  @Field(() => [PriceListEntryEdge], { description: 'The entries.' })
  edges!: PriceListEntryEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'A price list with its place in a list of them.' })
export class PriceListEdge {
  @Field(() => String, { description: 'Where it stands in the list.' })
  cursor!: string;

  @Field(() => PriceList, { description: 'The price list.' })
  node!: PriceList;
}

@ObjectType({ description: 'A page of price lists, newest first.' })
export class PriceListConnection {
  @Field(() => [PriceListEdge], { description: 'The price lists.' })
  edges!: PriceListEdge[];

  @Field(() => PageInfo, { description: 'Where the page stands.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'What became of a change of a price list.' })
export class PriceListPayload {
  @Field(() => PriceList, { nullable: true, description: 'The list after the change; null when it was refused.' })
  priceList!: PriceList | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  userErrors!: UserError[];
}

export function toOrganization(id: string): Organization {
  return Object.assign(new Organization(), { __typename: 'Organization', id });
}

export function toPriceList(state: PriceListHead): PriceList {
  const { id, name, vendorId, buyerOrganizationId, audience, validFrom, validUntil, updatedAt, version } = state;
  return Object.assign(new PriceList(), {
    __typename: 'PriceList',
    id,
    name,
    seller: toVendor(vendorId),
    buyerOrganization: buyerOrganizationId === null ? null : toOrganization(buyerOrganizationId),
    businessOnly: audience === BUSINESS,
    validFrom,
    validUntil,
    updatedAt,
    version,
    state,
  });
}

export function toPriceListEntry({ offerId, ...tier }: EntryState): PriceListEntry {
  return Object.assign(new PriceListEntry(), { offerId, tier });
}
