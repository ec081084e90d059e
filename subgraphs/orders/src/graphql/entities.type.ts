import { Directive, Field, ID, ObjectType } from 'type-graphql';

/** What belongs to other services: known here by id. Orders add fields to User and Vendor. */

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ description: 'What a vendor sells: a variant at a price.' })
export class Offer {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ description: 'Money off for whoever knows its code.' })
export class Promotion {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ description: 'A company that people buy or sell for.' })
export class Organization {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'Somebody with an account.' })
export class User {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A seller on the marketplace.' })
export class Vendor {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}
