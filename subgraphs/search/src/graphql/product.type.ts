import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType({ description: 'What can be bought, told once for all who sell it.' })
export class Product {
  @Field(() => ID, { description: 'The product.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'Somebody with an account.' })
export class User {
  @Field(() => ID, { description: 'Who.' })
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ description: 'The purchasable: one vendor’s listing of one variant.' })
export class Offer {
  @Field(() => ID, { description: 'The offer.' })
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ description: 'A place in the tree of what is sold.' })
export class Category {
  @Field(() => ID, { description: 'The category.' })
  id!: string;
}
