import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';

/**
 * A shop of four subgraphs that owns no store and thinks about nothing: every
 * answer follows from the ids in the question. What is measured is the gateway.
 */

const FEDERATION = 'https://specs.apollo.dev/federation/v2.7';
const GATEWAY = 'https://marketgraph.example/gateway/v1.0';

const link = (imports: string, directives = '') => `extend schema
  @link(url: "${FEDERATION}", import: ["@key", "@shareable"${imports}])${directives}`;

/** As the subgraphs of the marketplace declare what is public. */
const PUBLIC_LINK = link(
  ', "@composeDirective"',
  `
  @link(url: "${GATEWAY}", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
directive @cacheControl(maxAge: Int!) on OBJECT | FIELD_DEFINITION`,
);

const MAX_PRODUCTS = 1_000;
const USERS = 20;
const REVIEWS_EACH = 3;

interface ToySubgraph {
  sdl: string;
  resolvers: Record<string, object>;
}

interface Reference {
  id: string;
}

const numberOf = (id: string) => Number(id.slice(1));
const product = (id: string) => ({ __typename: 'Product', id, ...productFacts(numberOf(id)) });
const productFacts = (n: number) => ({
  name: `Product ${n}`,
  price: 100 + ((n * 37) % 900),
  description: `What ${n} is.`,
});

const catalog: ToySubgraph = {
  sdl: `${PUBLIC_LINK}
type Query {
  topProducts(first: Int! = 10): [Product!]!
  product(id: ID!): Product
}
type Product @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  name: String!
  price: Int!
  description: String!
}
type Offer @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  product: Product!
}`,
  resolvers: {
    Query: {
      topProducts: (_: unknown, { first }: { first: number }) =>
        Array.from({ length: Math.min(first, MAX_PRODUCTS) }, (_, index) => product(`p${index + 1}`)),
      product: (_: unknown, { id }: Reference) => product(id),
    },
    Product: { __resolveReference: ({ id }: Reference) => product(id) },
    Offer: { __resolveReference: ({ id }: Reference) => ({ id, product: product(`p${numberOf(id)}`) }) },
  },
};

const reviews: ToySubgraph = {
  sdl: `${PUBLIC_LINK}
type Product @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  reviews: [Review!]!
}
type Review @cacheControl(maxAge: 60) {
  rating: Int!
  text: String!
  author: User!
}
type User @key(fields: "id", resolvable: false) @cacheControl(maxAge: 60) {
  id: ID!
}`,
  resolvers: {
    Product: {
      __resolveReference: ({ id }: Reference) => ({
        id,
        reviews: Array.from({ length: REVIEWS_EACH }, (_, index) => ({
          rating: 1 + ((numberOf(id) + index) % 5),
          text: `Opinion ${index + 1} about ${id}`,
          author: { id: `u${1 + ((numberOf(id) * REVIEWS_EACH + index) % USERS)}` },
        })),
      }),
    },
  },
};

const accounts: ToySubgraph = {
  sdl: `${PUBLIC_LINK}
type User @key(fields: "id") @cacheControl(maxAge: 60) {
  id: ID!
  name: String!
}`,
  resolvers: { User: { __resolveReference: ({ id }: Reference) => ({ id, name: `User ${numberOf(id)}` }) } },
};

interface StockEvent {
  kind: 'SNAPSHOT' | 'LIVE';
  cursor: string;
  occurredAt: string;
  key?: string;
  envelope?: { payload: { offerId: string; available: number } };
}

const inventory: ToySubgraph = {
  sdl: `${PUBLIC_LINK}
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
type Offer @key(fields: "id", resolvable: false) @cacheControl(maxAge: 60) {
  id: ID!
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
