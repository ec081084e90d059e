import { CountryCode, DateTime, JSONScalar, LanguageTag } from '@marketgraph/platform/graphql';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { AccountType, NotificationChannel, OrganizationType, VendorDecision, VendorStatus } from './account.enums.ts';
import { PostalAddressInput } from './shared.type.ts';

@InputType({ description: 'A new organization.' })
export class OrganizationCreateInput {
  @Field(() => String, { description: 'Its name, at most 120 characters.' })
  name!: string;

  @Field(() => OrganizationType, { description: 'Whether it buys or sells.' })
  type!: OrganizationType;

  @Field(() => String, { nullable: true, description: 'Tax number.' })
  taxId?: string | null;

  @Field(() => PostalAddressInput, { nullable: true, description: 'Where it is.' })
  address?: PostalAddressInput | null;
}

@InputType({ description: 'A new account.' })
export class RegisterInput {
  @Field(() => String, { description: 'Unique, whatever its case.' })
  email!: string;

  @Field(() => String, { description: '8 to 128 visible characters.' })
  password!: string;

  @Field(() => String, { nullable: true, description: 'The name others see, at most 100 characters.' })
  displayName?: string | null;

  @Field(() => AccountType, { description: 'What it is for.' })
  accountType!: AccountType;

  @Field(() => OrganizationCreateInput, { nullable: true, description: 'Founded along with the account.' })
  organization?: OrganizationCreateInput | null;
}

@InputType({ description: 'Who one claims to be.' })
export class LoginInput {
  @Field(() => String, { description: 'E-mail address of the account.' })
  email!: string;

  @Field(() => String, { description: 'Its password.' })
  password!: string;
}

@InputType({ description: 'What is to be different; left out stays, null takes away.' })
export class ProfileUpdateInput {
  @Field(() => String, { nullable: true, description: 'The name others see, at most 100 characters.' })
  displayName?: string | null;

  @Field(() => LanguageTag, { nullable: true, description: 'Language for messages.' })
  locale?: string | null;

  @Field(() => JSONScalar, {
    nullable: true,
    description: "An object of the client's own, at most 16 KB, replaced whole.",
  })
  preferences?: unknown;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether search may remember what they look at, and order results by it. False: what it remembers is forgotten.',
  })
  isPersonalized?: boolean | null;
}

@InputType({ description: 'How and about what to be told.' })
export class NotificationPreferencesInput {
  @Field(() => [NotificationChannel], { description: 'Channels to use. None: no notifications at all.' })
  channels!: NotificationChannel[];

  @Field(() => [String], { nullable: true, description: 'Topics to keep silent. Left out: as they are.' })
  mutedTopics?: string[] | null;
}

@InputType({ description: 'An application to sell here.' })
export class VendorApplyInput {
  @Field(() => String, { description: 'Name of the shop, at most 120 characters.' })
  businessName!: string;

  @Field(() => String, { description: 'Unique name in addresses: 3 to 40 small letters, digits and single hyphens.' })
  handle!: string;

  @Field(() => String, { nullable: true, description: 'About the shop, at most 2,000 characters.' })
  description?: string | null;

  @Field(() => ID, { description: 'A seller organization that the applicant runs.' })
  organizationId!: string;

  @Field(() => PostalAddressInput, { description: 'Business address. Public.' })
  address!: PostalAddressInput;
}

@InputType({ description: 'A point on the globe.' })
export class GeoPointInput {
  @Field(() => Float, { description: 'Latitude, -90 to 90 degrees.' })
  lat!: number;

  @Field(() => Float, { description: 'Longitude, -180 to 180 degrees.' })
  lon!: number;
}

@InputType({ description: 'Where a vendor sells from and to.' })
export class VendorReachInput {
  @Field(() => ID, { description: 'Whose.' })
  vendorId!: string;

  @Field(() => GeoPointInput, { nullable: true, description: 'Where it is. Public. Left out: nowhere in particular.' })
  location?: GeoPointInput | null;

  @Field(() => [CountryCode], { nullable: true, description: 'Where it ships to. Left out: everywhere.' })
  shipsTo?: string[] | null;
}

@InputType({ description: 'A document that shows who a vendor is.' })
export class KycDocumentInput {
  @Field(() => String, { description: 'What it is, e.g. `REGISTER_EXTRACT`.' })
  kind!: string;

  @Field(() => ID, { description: 'The upload that holds it.' })
  uploadId!: string;
}

@InputType({ description: 'The documents of a vendor.' })
export class KycSubmitInput {
  @Field(() => ID, { description: 'Whose.' })
  vendorId!: string;

  @Field(() => [KycDocumentInput], { description: '1 to 20.' })
  documents!: KycDocumentInput[];
}

@InputType({ description: 'A decision on a vendor.' })
export class VendorReviewInput {
  @Field(() => ID, { description: 'The vendor.' })
  id!: string;

  @Field(() => VendorDecision, { description: 'What is decided.' })
  decision!: VendorDecision;

  @Field(() => String, { nullable: true, description: 'Why, at most 1,000 characters.' })
  reason?: string | null;

  @Field(() => Int, { description: 'The version the decision was made on.' })
  expectedVersion!: number;
}

@InputType({ description: 'Which vendors.' })
export class VendorFilter {
  @Field(() => [VendorStatus], { nullable: true, description: 'In one of these. Who is no operator sees active ones.' })
  status?: VendorStatus[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'A part of the name; its beginning when under three characters.',
  })
  query?: string | null;
}

@InputType({ description: 'From, inclusive, to, exclusive.' })
export class DateTimeRange {
  @Field(() => DateTime, { nullable: true, description: 'Not before.' })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before.' })
  to?: Date | null;
}

@InputType({ description: 'Which entries of the audit log.' })
export class AuditFilter {
  @Field(() => ID, { nullable: true, description: 'About this.' })
  subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Done by this user.' })
  actorId?: string | null;

  @Field(() => String, { nullable: true, description: 'What was done, e.g. `vendor.approved`.' })
  action?: string | null;

  @Field(() => DateTimeRange, { nullable: true, description: 'When.' })
  range?: DateTimeRange | null;
}
