import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType({ description: 'What a buyer bought at once.' })
export class Order {
  @Field(() => ID, { description: 'The order.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: "One vendor's part of an order." })
export class VendorOrder {
  @Field(() => ID, { description: 'The vendor order.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'Somebody who sells.' })
export class Vendor {
  @Field(() => ID, { description: 'The vendor.' })
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A person with an account.' })
export class User {
  @Field(() => ID, { description: 'The user.' })
  id!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType({ description: 'A place in the category tree.' })
export class Category {
  @Field(() => ID, { description: 'The category.' })
  id!: string;
}
