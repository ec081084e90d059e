import { DateTime, JSONScalar } from '@marketgraph/platform/graphql';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { Node, PageInfo } from './shared.type.ts';

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'Something that was done and can never be undone in the books. For operators.',
})
export class AuditLogEntry extends Node {
  actorId!: string | null;

  @Field(() => String, { description: 'What was done, e.g. `vendor.approved`.' })
  action!: string;

  @Field(() => ID, { description: 'To what.' })
  subjectId!: string;

  @Field(() => JSONScalar, { nullable: true, description: 'How it was.' })
  before?: unknown;

  @Field(() => JSONScalar, { nullable: true, description: 'How it is.' })
  after?: unknown;

  @Field(() => DateTime, { description: 'When.' })
  at!: Date;

  @Field(() => String, { nullable: true, description: 'The request it was done by.' })
  requestId?: string | null;

  @Field(() => String, { description: 'SHA-256 of this entry with `previousHash` in it.' })
  hash!: string;

  @Field(() => String, { nullable: true, description: 'Hash of the entry before; null for the first.' })
  previousHash?: string | null;
}

@ObjectType({ description: 'An entry with its place in the list.' })
export class AuditLogEdge {
  @Field(() => String, { description: 'Place in the list.' })
  cursor!: string;

  @Field(() => AuditLogEntry, { description: 'The entry.' })
  node!: AuditLogEntry;
}

@ObjectType({ description: 'Entries, newest first.' })
export class AuditLogConnection {
  @Field(() => [AuditLogEdge], { description: 'The page.' })
  edges!: AuditLogEdge[];

  @Field(() => PageInfo, { description: 'Where it begins and ends.' })
  pageInfo!: PageInfo;
}
