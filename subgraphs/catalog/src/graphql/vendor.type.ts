import { Directive, Field, ID, ObjectType } from 'type-graphql';

@Directive('@key(fields: "id")')
@ObjectType({ description: 'A business that sells here.' })
export class Vendor {
  @Field(() => ID, { description: 'Opaque, the same in every subgraph.' })
  id!: string;
}

export function toVendor(id: string): Vendor {
  return Object.assign(new Vendor(), { __typename: 'Vendor', id });
}
