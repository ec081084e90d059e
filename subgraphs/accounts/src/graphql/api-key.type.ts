import { DateTime } from '@marketgraph/platform/graphql';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { UserError } from './shared.type.ts';

@ObjectType({
  description: 'A key by which a machine of a vendor acts for it. Its secret was told once and is not kept.',
})
export class ApiKey {
  @Field(() => ID, { description: 'Give it to `apiKeyRevoke`.' })
  id!: string;

  @Field(() => String, { description: 'What its vendor calls it.' })
  name!: string;

  @Field(() => [String], { description: 'What it may be used for.' })
  scopes!: string[];

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was last used, to about a minute; null: never.' })
  lastUsedAt?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; null: never.' })
  expiresAt?: Date | null;
}

@InputType({ description: 'A new API key.' })
export class ApiKeyCreateInput {
  @Field(() => String, { description: 'What it is for, for people; 1 to 100 characters.' })
  name!: string;

  @Field(() => [String], {
    description:
      'At least one of `catalog:read`, `catalog:write`, `inventory:read`, `inventory:write`, `orders:read` and `orders:fulfill`.',
  })
  scopes!: string[];

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself, within ten years; left out: never.' })
  expiresAt?: Date | null;

  @Field(() => ID, { nullable: true, description: 'For which vendor; needed by who runs several.' })
  vendorId?: string | null;
}

@ObjectType({ description: 'Outcome of `apiKeyCreate`.' })
export class ApiKeyPayload {
  @Field(() => ID, { nullable: true, description: 'The new key.' })
  apiKeyId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What its machine sends as `Authorization: Bearer …`. It is told this once.',
  })
  secret?: string | null;

  @Field(() => [UserError], { description: 'Why it was refused.' })
  userErrors!: UserError[];
}
