import { composeServices } from '@apollo/composition';
import {
  badUserInput,
  buildSubgraph,
  DateTime,
  defineSubgraph,
  eventSkipped,
  forbidden,
  JSONScalar,
  type RequestContext,
  requireService,
  requireUser,
  type StreamRoot,
  type Subgraph,
} from '@marketgraph/platform/graphql';
import { silentLog as log } from '@marketgraph/platform/testing';
import { GraphQLError, parse } from 'graphql';
import {
  Arg,
  Ctx,
  Directive,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  InterfaceType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { GRAPH_SUBGRAPH, graphSubgraphSdl } from '../../src/graph/graph-subgraph.ts';
import { toyFeeds } from './toy-feeds.ts';

/** What the toy subgraphs read instead of a store; tests change it. */
export interface ShopState {
  keys: unknown[];
  /** By session id; undefined: what the token says. */
  principals: Map<string, unknown>;
  /** By the SHA-256 of the secret. */
  apiKeys: Map<string, unknown>;
  orders: Map<string, { buyerId: string; status: string }>;
  /** Subgraphs that never answer. */
  hanging: Set<string>;
  /** Subgraphs whose store is away. */
  failing: Set<string>;
  logins: number;
  requests: { subgraph: string; viewer: RequestContext['viewer']; requestId: string }[];
}

interface ShopContext extends RequestContext {
  state: ShopState;
}

@InterfaceType({ resolveType: (value: { __typename: string }) => value.__typename })
abstract class Node {
  @Field(() => ID)
  id!: string;
}

@InterfaceType('Node', { resolveType: (value: { __typename: string }) => value.__typename })
abstract class OrdersNode {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: Node })
class User extends Node {
  @Field(() => String)
  name!: string;
}

@InputType()
class LoginInput {
  @Field(() => String)
  email!: string;
}

@Resolver(() => User)
class AccountsResolver {
  @Query(() => User, { nullable: true })
  me(@Ctx() { viewer }: ShopContext) {
    const { userId } = requireUser(viewer);
    return { __typename: 'User', id: userId, name: userId.slice(-4) };
  }

  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Query(() => [String])
  whoami(@Ctx() { viewer }: ShopContext): string[] {
    return viewer.kind === 'user' ? [viewer.userId, ...viewer.roles] : [viewer.kind];
  }

  @Directive('@inaccessible')
  @Query(() => JSONScalar)
  signingKeys(@Ctx() { viewer, state }: ShopContext) {
    requireService(viewer, 'gateway');
    return { keys: state.keys };
  }

  @Directive('@inaccessible')
  @Query(() => JSONScalar, { nullable: true })
  principal(
    @Ctx() { viewer, state }: ShopContext,
    @Arg('userId', () => ID) _userId: string,
    @Arg('sessionId', () => ID) sessionId: string,
  ) {
    requireService(viewer, 'gateway');
    const principal = state.principals.get(sessionId);
    return principal === undefined ? { active: true, roles: ['BUYER'], memberships: [] } : principal;
  }

  @Directive('@inaccessible')
  @Query(() => JSONScalar, { nullable: true })
  apiKeyPrincipal(@Ctx() { viewer, state }: ShopContext, @Arg('secretHash', () => String) secretHash: string) {
    requireService(viewer, 'gateway');
    return state.apiKeys.get(secretHash) ?? null;
  }

  @Mutation(() => Boolean)
  login(@Ctx() { state }: ShopContext, @Arg('input', () => LoginInput) _input: LoginInput): boolean {
    state.logins += 1;
    return true;
  }

  @Mutation(() => Boolean)
  roleAdd(@Ctx() { viewer, state }: ShopContext, @Arg('role', () => String) role: string): boolean {
    const { sessionId } = requireUser(viewer);
    state.principals.set(sessionId, { active: true, roles: ['BUYER', role], memberships: [] });
    return true;
  }
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User')
class OrdersUser {
  @Field(() => ID)
  id!: string;
}

@Directive('@key(fields: "id")')
@ObjectType({ implements: OrdersNode })
class Order extends OrdersNode {
  @Field(() => String)
  status!: string;

  @Field(() => OrdersUser, { nullable: true })
  buyer?: OrdersUser;
}

@ObjectType()
class OrderEvent {
  @Field(() => String)
  cursor!: string;

  @Field(() => String)
  kind!: string;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => Int, { nullable: true })
  step?: number | null;

  @Field(() => Order)
  order!: Order;
}

const orderOf = (id: string, { state, viewer }: ShopContext) => {
  if (state.failing.has('orders')) throw new Error('connect ECONNREFUSED 10.0.0.7:5432 select * from secret_table');
  const order = state.orders.get(id);
  if (!order || viewer.kind !== 'user' || viewer.userId !== order.buyerId) return null;
  return { __typename: 'Order', id, status: order.status, buyer: { id: order.buyerId } };
};

const eventOf = (root: StreamRoot, id: string, context: ShopContext): OrderEvent => {
  const order = orderOf(id, context);
  if (!order) throw badUserInput('No such order.');
  const payload = root.envelope?.payload as { step: number; skip?: boolean } | undefined;
  if (payload?.skip) throw eventSkipped();
  const { cursor, kind, occurredAt } = root;
  return { cursor, kind, occurredAt: new Date(occurredAt), step: payload?.step ?? null, order };
};

@Resolver(() => Order)
class OrdersResolver {
  @Query(() => Order, { nullable: true })
  order(@Ctx() context: ShopContext, @Arg('id', () => ID) id: string) {
    return orderOf(id, context);
  }

  @Query(() => [Order])
  orders(@Arg('first', () => Int, { defaultValue: 20 }) _first: number): unknown[] {
    return [];
  }

  @Query(() => String)
  broken(): string {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432 select * from secret_table');
  }

  @Query(() => String)
  staffOnly(): string {
    throw forbidden();
  }

  @Directive('@apiScope(anyOf: ["orders:place"])')
  @Mutation(() => Boolean)
  orderPlace(): boolean {
    return true;
  }

  @Subscription(() => OrderEvent, { topics: 'gateway' })
  orderStatusChanged(
    @Root() root: StreamRoot,
    @Ctx() context: ShopContext,
    @Arg('orderId', () => ID) orderId: string,
    @Arg('after', () => String, { nullable: true }) _after?: string,
  ): OrderEvent {
    return eventOf(root, orderId, context);
  }

  @Directive('@apiScope(anyOf: ["orders:read"])')
  @Subscription(() => Int, { topics: 'gateway' })
  visits(@Root() root: StreamRoot, @Arg('id', () => ID) _id: string): number {
    return (root.envelope?.payload as { step: number } | undefined)?.step ?? 0;
  }
}

@Directive('@key(fields: "id")')
@ObjectType('Order')
class InventoryOrder {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => InventoryOrder)
class InventoryResolver {
  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Query(() => Int)
  warehouses(): number {
    return 2;
  }

  @FieldResolver(() => Int, { nullable: true })
  unitsLeft(@Root() { id }: InventoryOrder): number {
    return id.length;
  }
}

export interface ToyShop {
  subgraphs: Subgraph[];
  supergraphSdl: string;
  state: ShopState;
}

export function toyShop(): ToyShop {
  const state: ShopState = {
    keys: [],
    principals: new Map(),
    apiKeys: new Map(),
    orders: new Map(),
    hanging: new Set(),
    failing: new Set(),
    logins: 0,
    requests: [],
  };
  const define = (name: string, schema: ReturnType<typeof buildSubgraph>): Subgraph => {
    const subgraph = defineSubgraph<ShopContext>({
      name,
      schema,
      log,
      createContext(base) {
        state.requests.push({ subgraph: name, viewer: base.viewer, requestId: base.requestId });
        return { ...base, state };
      },
      routes: [
        {
          method: 'GET',
          prefix: '/media/',
          async handle(request, response) {
            response.writeHead(200, { 'content-type': 'text/plain' }).end(JSON.stringify(request.headers));
          },
        },
      ],
    });
    const orHang = <T>(work: Promise<T>): Promise<T> =>
      state.hanging.has(name) ? new Promise<T>(() => undefined) : work;
    return {
      ...subgraph,
      execute: (request) => orHang(subgraph.execute(request)),
      executeEvent: (request) => orHang(subgraph.executeEvent(request)),
    };
  };
  const subgraphs = [
    define(
      'accounts',
      buildSubgraph({
        resolvers: [AccountsResolver],
        orphanedTypes: [User],
        references: {
          User: ({ id }, { viewer }: ShopContext) =>
            viewer.kind === 'user' ? { id, name: String(id).slice(-4) } : null,
        },
      }),
    ),
    define(
      'orders',
      buildSubgraph({
        resolvers: [OrdersResolver],
        orphanedTypes: [Order, OrdersUser],
        references: { Order: ({ id }, context: ShopContext) => orderOf(String(id), context) },
      }),
    ),
    define(
      'inventory',
      buildSubgraph({
        resolvers: [InventoryResolver],
        orphanedTypes: [InventoryOrder],
        references: { Order: ({ id }) => ({ id }) },
      }),
    ),
    define('feeds', buildSubgraph(toyFeeds)),
  ];
  return { subgraphs, supergraphSdl: composed(subgraphs), state };
}

function composed(subgraphs: readonly Subgraph[]): string {
  const documents = [
    ...subgraphs.map(({ name, sdl }) => [name, sdl] as const),
    [GRAPH_SUBGRAPH, graphSubgraphSdl(subgraphs.map(({ sdl }) => sdl))] as const,
  ];
  const { supergraphSdl, errors } = composeServices(
    documents.map(([name, sdl]) => ({ name, url: '', typeDefs: parse(sdl) })),
  );
  if (!supergraphSdl) throw new GraphQLError(errors?.map(String).join('\n') ?? 'no supergraph');
  return supergraphSdl;
}
