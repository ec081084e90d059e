import { CountryCode, DateTime } from '@marketgraph/platform/graphql';
import { Directive, Field, Float, Int, ObjectType } from 'type-graphql';
import { KycStatus, NotificationChannel, OrganizationType, Role, VendorStatus } from './account.enums.ts';
import { Node, PageInfo, PostalAddress } from './shared.type.ts';

/** These refer to each other. What is not a column is in the resolvers. */

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Somebody with an account. All but the display name is for themselves and support.',
})
export class User extends Node {
  /** In the answer of a registration or login the user sees themselves, though the request came without a token. */
  isOwnAnswer?: boolean;
  emailAddress!: string;

  @Directive('@cacheControl(maxAge: 1)')
  @Field(() => String, { nullable: true, description: 'The name others see.' })
  displayName?: string | null;

  language?: string | null;
  settings!: Record<string, unknown>;
  preferred!: NotificationPreferences;
  prime!: boolean;
  personalized!: boolean;
  joinedAt!: Date;
}

@ObjectType({ description: 'How and about what somebody is told.' })
export class NotificationPreferences {
  @Field(() => [NotificationChannel], { description: 'The channels used. None: no notifications at all.' })
  channels!: NotificationChannel[];

  @Field(() => [String], { description: 'Topics that are kept silent.' })
  mutedTopics!: string[];
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'An address in the address book of a user or organization.' })
export class SavedAddress extends Node {
  @Field(() => String, { nullable: true, description: 'What its owner calls it.' })
  label?: string | null;

  @Field(() => Boolean, { description: 'Where things are sent when nothing else is said. Exactly one is.' })
  isDefaultShipping!: boolean;

  @Field(() => Boolean, { description: 'Where invoices go when nothing else is said. Exactly one is.' })
  isDefaultBilling!: boolean;

  @Field(() => PostalAddress, { description: 'The address itself.' })
  address!: PostalAddress;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'A company that buys or sells. For its members.' })
export class Organization extends Node {
  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => OrganizationType, { description: 'Whether it buys or sells.' })
  type!: OrganizationType;

  @Field(() => String, { nullable: true, description: 'Tax number.' })
  taxId?: string | null;

  @Field(() => DateTime, { description: 'Since when it is here.' })
  createdAt!: Date;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node, description: 'The seat of a user in an organization.' })
export class Membership extends Node {
  userId!: string;
  organizationId!: string;

  @Field(() => Role, { description: 'As what.' })
  role!: Role;
}

@ObjectType({ description: 'A member with its place in the list.' })
export class MembershipEdge {
  @Field(() => String, { description: 'Place in the list.' })
  cursor!: string;

  @Field(() => Membership, { description: 'The member.' })
  node!: Membership;
}

@ObjectType({ description: 'Members of an organization.' })
export class MembershipConnection {
  @Field(() => [MembershipEdge], { description: 'The page.' })
  edges!: MembershipEdge[];

  @Field(() => PageInfo, { description: 'Where it begins and ends.' })
  pageInfo!: PageInfo;
}

@ObjectType({ description: 'A point on the globe.' })
export class GeoPoint {
  @Field(() => Float, { description: 'Latitude in degrees.' })
  lat!: number;

  @Field(() => Float, { description: 'Longitude in degrees.' })
  lon!: number;
}

@Directive('@key(fields: "id")')
@Directive('@cacheControl(maxAge: 60)')
@ObjectType({ implements: Node, description: 'A seller. Everybody sees active ones; its members see it always.' })
export class Vendor extends Node {
  organizationId!: string;

  @Field(() => String, { description: 'Its name in addresses, unique.' })
  handle!: string;

  @Field(() => String, { description: 'Its name.' })
  businessName!: string;

  @Field(() => String, { nullable: true, description: 'What it says about itself.' })
  description?: string | null;

  @Field(() => VendorStatus, { description: 'Whether it sells.' })
  status!: VendorStatus;

  @Field(() => KycStatus, { description: 'Whether it is known who it is.' })
  kycStatus!: KycStatus;

  @Field(() => DateTime, { description: 'When it applied.' })
  createdAt!: Date;

  @Field(() => Int, { description: 'Grows with every change; give it as `expectedVersion`.' })
  version!: number;

  businessAddress!: PostalAddress;

  @Field(() => Boolean, { description: 'Whether its offers are part of Prime.' })
  isPrimeEligible!: boolean;

  @Field(() => GeoPoint, { nullable: true, description: 'Where it sells from; null when it has not said.' })
  location?: GeoPoint | null;

  @Field(() => [CountryCode], { nullable: true, description: 'Where it ships to; null: everywhere.' })
  shipsTo?: string[] | null;
}

@ObjectType({ description: 'A vendor with its place in the list.' })
export class VendorEdge {
  @Field(() => String, { description: 'Place in the list.' })
  cursor!: string;

  @Field(() => Vendor, { description: 'The vendor.' })
  node!: Vendor;
}

@ObjectType({ description: 'Vendors by name.' })
export class VendorConnection {
  @Field(() => [VendorEdge], { description: 'The page.' })
  edges!: VendorEdge[];

  @Field(() => PageInfo, { description: 'Where it begins and ends.' })
  pageInfo!: PageInfo;
}
