import {
  badUserInput,
  eventSkipped,
  forbidden,
  isMemberOf,
  type RequestContext,
  requireUser,
  type StreamRoot,
} from '@marketgraph/platform/graphql';
import {
  Arg,
  Ctx,
  createUnionType,
  Directive,
  Field,
  FieldResolver,
  ID,
  Int,
  InterfaceType,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';

/** A subgraph of streams whose roots are of every kind. It keeps nothing: what it tells is in its events. */

const byName = { resolveType: (value: object) => (value as { __typename: string }).__typename };

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Order')
class FeedOrder {
  @Field(() => ID)
  id!: string;
}

@InterfaceType('Happening', byName)
abstract class Happening {
  @Field(() => String)
  cursor!: string;

  @Field(() => Int)
  step!: number;
}

@ObjectType('Shipment', { implements: Happening })
class Shipment extends Happening {
  @Field(() => FeedOrder)
  order!: FeedOrder;
}

@ObjectType('Remark', { implements: Happening })
class Remark extends Happening {
  @Field(() => String)
  text!: string;

  @Field(() => String, { nullable: true })
  author?: string;
}

@Resolver(() => Remark)
class RemarkResolver {
  @FieldResolver(() => String, { nullable: true })
  author(@Root() { step }: Remark): string {
    throw badUserInput(`The author of ${step} is gone.`);
  }
}

const Item = createUnionType({ name: 'Item', types: () => [Shipment, Remark] as const, ...byName });

@ObjectType()
class VendorNews {
  @Field(() => String)
  cursor!: string;

  @Field(() => Int)
  step!: number;
}

/** A state: of each id only the latest is of interest. */
@ObjectType()
class Gauge {
  @Field(() => String)
  cursor!: string;

  @Field(() => ID)
  id!: string;

  @Field(() => Int)
  step!: number;

  @Field(() => String)
  text!: string;
}

type Told = { step: number; order?: string; text?: string };

const toldBy = ({ envelope }: StreamRoot) => (envelope?.payload as Told | undefined) ?? { step: 0, text: 'so far' };

const happeningOf = (root: StreamRoot) => {
  const { step, order, text } = toldBy(root);
  const what = order ? { __typename: 'Shipment', order: { id: order } } : { __typename: 'Remark', text };
  return { cursor: root.cursor, step, ...what };
};

@Resolver()
class FeedResolver {
  @Query(() => Int)
  feeds(): number {
    return 3;
  }

  @Subscription(() => Happening, { topics: 'gateway' })
  happened(
    @Root() root: StreamRoot,
    @Arg('id', () => ID) _id: string,
    @Arg('from', () => Int, { defaultValue: 0 }) from: number,
    @Arg('after', () => String, { nullable: true }) _after?: string,
  ) {
    if (root.kind === 'LIVE' && toldBy(root).step < from) throw eventSkipped();
    return happeningOf(root);
  }

  @Subscription(() => Item, { nullable: true, topics: 'gateway' })
  item(@Root() root: StreamRoot, @Arg('id', () => ID) _id: string) {
    return root.kind === 'SNAPSHOT' ? null : happeningOf(root);
  }

  @Directive('@coalesce')
  @Subscription(() => Gauge, { topics: 'gateway' })
  gauges(@Root() root: StreamRoot, @Arg('ids', () => [ID]) _ids: string[]): Gauge {
    const { step, text = '' } = toldBy(root);
    return { cursor: root.cursor, id: root.key ?? '', step, text };
  }

  @Subscription(() => VendorNews, { topics: 'gateway' })
  vendorNews(
    @Root() root: StreamRoot,
    @Ctx() { viewer }: RequestContext,
    @Arg('vendorId', () => ID) vendorId: string,
  ): VendorNews {
    requireUser(viewer);
    if (!isMemberOf(viewer, vendorId)) throw forbidden();
    return { cursor: root.cursor, step: toldBy(root).step };
  }
}

export const toyFeeds = {
  resolvers: [FeedResolver, RemarkResolver] as [typeof FeedResolver, typeof RemarkResolver],
  orphanedTypes: [Shipment, Remark],
  references: {},
};
