import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { availability, numberOf, offer, product, products, rating, reviewsOf } from './toy-facts.ts';

/**
 * A shop of four subgraphs that owns no store and thinks about nothing: every
 * answer follows from the ids in the question. What is measured is the gateway.
 */

/** As the subgraphs of the marketplace declare what is public. */
const LINKS = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@composeDirective"])
  @link(url: "https://marketgraph.example/gateway/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
directive @cacheControl(maxAge: Int!) on OBJECT | FIELD_DEFINITION`;

interface ToySubgraph {
  sdl: string;
  resolvers: Record<string, object>;
}

interface Reference {
  id: string;
}

const catalog: ToySubgraph = {
  sdl: `${LINKS}
type Query {
  topProducts(first: Int! = 10): [Product!]!
  product(id: ID!): Product
}
type Product @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  name: String!
  price: Int!
  description: String!
  brand: String!
  category: Category!
  attributes: [Attribute!]!
  media: [Medium!]!
  offers: [Offer!]!
}
type Category @cacheControl(maxAge: 60) {
  id: ID!
  name: String!
  parent: Category
}
type Attribute @cacheControl(maxAge: 60) {
  key: String!
  value: String!
}
type Medium @cacheControl(maxAge: 60) {
  url: String!
  altText: String!
}
type Offer @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  sku: String!
  price: Money!
  vendor: Vendor!
  product: Product!
}
type Money @cacheControl(maxAge: 60) {
  amount: Int!
  currencyCode: String!
}
type Vendor @key(fields: "id", resolvable: false) @cacheControl(maxAge: 60) {
  id: ID!
}`,
  resolvers: {
    Query: {
      topProducts: (_: unknown, { first }: { first: number }) => products(first),
      product: (_: unknown, { id }: Reference) => product(id),
    },
    Product: { __resolveReference: ({ id }: Reference) => product(id) },
    Offer: { __resolveReference: ({ id }: Reference) => offer(id) },
  },
};

const reviews: ToySubgraph = {
  sdl: `${LINKS}
type Product @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  rating: Rating!
  reviews: [Review!]!
}
type Vendor @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  rating: Rating!
}
type Rating @cacheControl(maxAge: 60) {
  average: Float!
  count: Int!
  histogram: [Int!]!
}
type Review @cacheControl(maxAge: 60) {
  id: ID!
  rating: Int!
  text: String!
  author: User!
}
type User @key(fields: "id", resolvable: false) @cacheControl(maxAge: 60) {
  id: ID!
}`,
  resolvers: {
    Product: { __resolveReference: ({ id }: Reference) => ({ id, rating: rating(id), reviews: reviewsOf(id) }) },
    Vendor: { __resolveReference: ({ id }: Reference) => ({ id, rating: rating(id) }) },
  },
};

const accounts: ToySubgraph = {
  sdl: `${LINKS}
type User @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  name: String!
}
type Vendor @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  businessName: String!
}`,
  resolvers: {
    User: { __resolveReference: ({ id }: Reference) => ({ id, name: `User ${numberOf(id)}` }) },
    Vendor: { __resolveReference: ({ id }: Reference) => ({ id, businessName: `Vendor ${numberOf(id)}` }) },
  },
};

interface StockEvent {
  kind: 'SNAPSHOT' | 'LIVE';
  cursor: string;
  occurredAt: string;
  key?: string;
  envelope?: { payload: { offerId: string; available: number } };
}

const inventory: ToySubgraph = {
  sdl: `${LINKS}
type Query {
  warehouses: Int!
}
type Subscription {
  "As the marketplace has it: an event concerns everybody whose list holds the offer."
  stockChanged(offerIds: [ID!]!, after: String): StockChangedEvent!
}
enum StreamEventKind {
  SNAPSHOT
  LIVE
}
type StockChangedEvent {
  cursor: String!
  kind: StreamEventKind!
  occurredAt: String!
  available: Int!
  offer: Offer!
}
type Offer @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  availability: Availability!
}
type Availability @cacheControl(maxAge: 60) {
  available: Int!
  status: String!
}
type Product @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  inStock: Boolean!
}`,
  resolvers: {
    Query: { warehouses: () => 2 },
    Subscription: {
      stockChanged: {
        resolve: ({ envelope, ...root }: StockEvent, { offerIds }: { offerIds: string[] }) => ({
          ...root,
          available: envelope?.payload.available ?? 0,
          offer: { id: envelope?.payload.offerId ?? root.key ?? offerIds[0] },
        }),
      },
    },
    Offer: { __resolveReference: ({ id }: Reference) => ({ id, availability: availability(id) }) },
    Product: { __resolveReference: ({ id }: Reference) => ({ id, inStock: numberOf(id) % 3 !== 0 }) },
  },
};

const SUBGRAPHS: Readonly<Record<string, ToySubgraph>> = { accounts, catalog, inventory, reviews };

export const TOY_SUBGRAPHS = Object.keys(SUBGRAPHS);

export function toySdl(name: string): string {
  return SUBGRAPHS[name]!.sdl;
}

export function toySchema(name: string): GraphQLSchema {
  const { sdl, resolvers } = SUBGRAPHS[name]!;
  return buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
}
