import { DateTime } from '@marketgraph/platform/graphql';
import { Field, ObjectType } from 'type-graphql';
import { Organization, SavedAddress, User, Vendor } from './account.type.ts';
import { UserError } from './shared.type.ts';

@ObjectType({ description: 'What a client signs its requests with.' })
export class Session {
  @Field(() => String, { description: 'JWT for the `Authorization: Bearer` header.' })
  accessToken!: string;

  @Field(() => String, { description: 'Gives the next session, once. Used twice it ends the session for both.' })
  refreshToken!: string;

  @Field(() => DateTime, { description: 'When the access token ends.' })
  expiresAt!: Date;
}

@ObjectType({ description: 'Outcome of `register`.' })
export class RegisterPayload {
  @Field(() => User, { nullable: true, description: 'The new user.' })
  user?: User | null;

  @Field(() => Session, { nullable: true, description: 'Their first session.' })
  session?: Session | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of `login` and `refreshSession`.' })
export class LoginPayload {
  @Field(() => User, { nullable: true, description: 'Who is signed in.' })
  user?: User | null;

  @Field(() => Session, { nullable: true, description: 'The session.' })
  session?: Session | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of `logout`.' })
export class LogoutPayload {
  @Field(() => Boolean, { description: 'False when the session had ended before.' })
  success!: boolean;
}

@ObjectType({ description: 'Outcome of a change that has nothing else to show.' })
export class BasicPayload {
  @Field(() => Boolean, { description: 'Whether it was done.' })
  success!: boolean;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of a user.' })
export class UserPayload {
  @Field(() => User, { nullable: true, description: 'The user as they are now.' })
  user?: User | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of an address.' })
export class AddressPayload {
  @Field(() => SavedAddress, { nullable: true, description: 'The address as it is now.' })
  address?: SavedAddress | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a change of an organization.' })
export class OrganizationPayload {
  @Field(() => Organization, { nullable: true, description: 'The organization as it is now.' })
  organization?: Organization | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'Outcome of a step of a vendor.' })
export class VendorPayload {
  @Field(() => Vendor, { nullable: true, description: 'The vendor as it is now.' })
  vendor?: Vendor | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}
