import { GraphQLError } from 'graphql';
import { hashOf } from './random.ts';
import { type ToyService, toyServices } from './toy-services.ts';

/** Decides all data of the graph: what is there, what is null, what fails. */
export interface DifferentialState {
  seed: number;
  /** Of a hundred nullable values so many are null. */
  nulls: number;
  /** Of a hundred fields so many throw. */
  failures: number;
  /** Of a hundred entities so many are known to one subgraph and not to the other. */
  unknown: number;
  /** Of a hundred values in answers so many are not what the schema promises. */
  wrong: number;
}

const ids = ['0', '1', '2', '3', '4', '5', '6', '7'];

/** Five subgraphs with all that makes plans interesting, over data that a seed decides. */
export function differentialGraph() {
  const state: DifferentialState = { seed: 1, nulls: 0, failures: 0, unknown: 0, wrong: 0 };
  const roll = (...parts: unknown[]): number => hashOf(state.seed, ...parts);
  const rolls = (percent: number, ...parts: unknown[]): boolean => roll('of a hundred', ...parts) % 100 < percent;

  type Make = (object: { id: string; type: string }, args: Record<string, unknown>) => unknown;
  /** The resolver of a field: its value by entity, unless the seed has it null or failing. */
  const field =
    (service: string, name: string, make: Make, nullable = true) =>
    (object: { id?: string; sku?: string } | undefined, args: Record<string, unknown>) => {
      const id = object?.id ?? object?.sku?.slice(1) ?? 'root';
      if (rolls(state.failures, service, name, id, 'fails')) {
        throw new GraphQLError(`${service} has no ${name} of ${id}`, { extensions: { code: 'BROKEN' } });
      }
      if (nullable && rolls(state.nulls, name, id, 'null')) return null;
      return make({ id, type: name }, args);
    };
  const idOf = (...parts: unknown[]): string => ids[roll(...parts) % ids.length]!;
  const some = (...parts: unknown[]): string[] =>
    ids.slice(0, roll('how many', ...parts) % 4).map((at) => idOf(at, ...parts));
  const resolved = (service: string) => (reference: { id?: string; sku?: string; __typename: string }) => {
    const id = reference.id ?? reference.sku?.slice(1);
    return rolls(state.unknown, service, reference.__typename, id, 'unknown') ? null : { ...reference, id };
  };
  const product = (id: string) => ({ __typename: 'Product', id, sku: `s${id}` });
  const person = (id: string) => ({ __typename: 'Person', id });
  const medium = (id: string) => ({ __typename: Number(id) % 2 ? 'Book' : 'Film', id });
  const hit = (id: string) => [product, person, medium][Number(id) % 3]!(id);
  const named = ({ __typename }: { __typename: string }) => __typename;

  const catalog: ToyService = {
    typeDefs: `
      scalar JSON
      enum Kind { SMALL LARGE SECRET @inaccessible }
      interface Media @key(fields: "id") { id: ID! title: String }
      interface Node { id: ID! }
      type Book implements Media & Node @key(fields: "id") { id: ID! title: String pages: Int author: Person size: Int! }
      type Film implements Media & Node @key(fields: "id") { id: ID! title: String minutes: Int! sequel: Media size: String }
      type Person @key(fields: "id", resolvable: false) { id: ID! }
      union Hit = Product | Book | Film | Person
      type Price @shareable { amount: Int! currency: String }
      type Size { width: Int @shareable height: Int }
      type Product implements Node @key(fields: "id") @key(fields: "sku") {
        id: ID! sku: String! name: String! kind: Kind weight: Int price: Price tags: [String!] meta: JSON
        related(first: Int): [Product] grid: [[Product]] media: [Media!] hidden: String @inaccessible
      }
      type Query {
        products(first: Int): [Product!]! product(id: ID!): Product media: [Media] medium(id: ID): Media
        sizes: [Size] @shareable box: Size @shareable
        search(text: String): [Hit!] node(id: ID!): Node hit: Hit
      }
      type Mutation { rename(id: ID!, name: String!): Product touch(id: ID!): Int! }`,
    resolvers: {
      Media: { __resolveType: named, __resolveReference: ({ id }: { id: string }) => resolved('catalog')(medium(id)) },
      Node: { __resolveType: named },
      Hit: { __resolveType: named },
      Book: {
        __resolveReference: resolved('catalog'),
        title: field('catalog', 'Book.title', ({ id }) => `Book ${id}`),
        pages: field('catalog', 'pages', ({ id }) => Number(id) * 100),
        author: field('catalog', 'author', ({ id }) => person(idOf('author', id))),
        size: field('catalog', 'Book.size', ({ id }) => Number(id) + 1, false),
      },
      Film: {
        __resolveReference: resolved('catalog'),
        title: field('catalog', 'Film.title', ({ id }) => `Film ${id}`),
        minutes: field('catalog', 'minutes', ({ id }) => Number(id) * 10, false),
        sequel: field('catalog', 'sequel', ({ id }) => medium(idOf('sequel', id))),
        size: field('catalog', 'Film.size', ({ id }) => `size ${id}`),
      },
      Product: {
        __resolveReference: resolved('catalog'),
        sku: ({ id }: { id: string }) => `s${id}`,
        name: field('catalog', 'name', ({ id }) => `Product ${id}`, false),
        kind: field('catalog', 'kind', ({ id }) => ['SMALL', 'LARGE', 'SECRET'][roll('kind', id) % 3]),
        weight: field('catalog', 'weight', ({ id }) => Number(id) * 7),
        price: field('catalog', 'price', ({ id }) => ({
          id,
          amount: Number(id) * 100,
          currency: rolls(50, id) ? 'EUR' : null,
        })),
        tags: field('catalog', 'tags', ({ id }) => some('tags', id)),
        meta: field('catalog', 'meta', ({ id }) => ({ id, list: [1, { a: null }], zero: 0 })),
        related: field('catalog', 'related', ({ id }, { first }) =>
          some('related', id)
            .slice(0, Number(first ?? 2))
            .map((other) => (rolls(20, other) ? null : product(other))),
        ),
        grid: field('catalog', 'grid', ({ id }) => some('rows', id).map((row) => some('columns', row).map(product))),
        media: field('catalog', 'media', ({ id }) => some('media', id).map(medium)),
      },
      Query: {
        products: field('catalog', 'products', (_, { first }) => ids.slice(0, Number(first ?? 5)).map(product), false),
        product: field('catalog', 'product', (_, { id }) => product(String(id))),
        sizes: field('catalog', 'sizes', ({ id }) => [{ width: 1, height: Number(id) }, null, { width: 2 }]),
        box: field('catalog', 'box', ({ id }) => ({ width: Number(id), height: 4 })),
        media: field('catalog', 'Query.media', () => some('all media').map(medium)),
        medium: field('catalog', 'medium', (_, { id }) => (id ? medium(String(id)) : null)),
        search: field('catalog', 'search', () => ids.map(hit)),
        node: field('catalog', 'node', (_, { id }) => (Number(id) % 3 ? medium(String(id)) : product(String(id)))),
        hit: field('catalog', 'hit', () => hit(idOf('hit'))),
      },
      Mutation: {
        rename: field('catalog', 'rename', (_, { id }) => product(String(id))),
        touch: field('catalog', 'touch', (_, { id }) => Number(id), false),
      },
    },
  };

  const reviews: ToyService = {
    typeDefs: `
      type Product @key(fields: "id") { id: ID! reviews(first: Int): [Review!] best: Review! }
      type Person @key(fields: "id") { id: ID! reviews: [Review] count: Int! }
      type Review @key(fields: "id") { id: ID! body: String rating: Float author: Person! product: Product about: Media }
      type Media @key(fields: "id") @interfaceObject { id: ID! score: Int! critics: [Review!] }
      type Query { review(id: ID!): Review reviews: [Review!] shared: Int @shareable }
      type Mutation { rate(id: ID!, rating: Float): Review }`,
    resolvers: {
      Product: {
        __resolveReference: resolved('reviews'),
        reviews: field('reviews', 'Product.reviews', ({ id }) => some('reviews', id).map((other) => ({ id: other }))),
        best: field('reviews', 'best', ({ id }) => ({ id }), false),
      },
      Person: {
        __resolveReference: resolved('reviews'),
        reviews: field('reviews', 'Person.reviews', ({ id }) =>
          some('of', id).map((other) => (rolls(15, other) ? null : { id: other })),
        ),
        count: field('reviews', 'count', ({ id }) => Number(id), false),
      },
      Review: {
        __resolveReference: resolved('reviews'),
        body: field('reviews', 'body', ({ id }) => `Review ${id}`),
        rating: field('reviews', 'rating', ({ id }) => Number(id) / 2),
        author: field('reviews', 'Review.author', ({ id }) => person(idOf('writer', id)), false),
        product: field('reviews', 'Review.product', ({ id }) => ({ id: idOf('reviewed', id) })),
        about: field('reviews', 'about', ({ id }) => ({ id: idOf('about', id) })),
      },
      Media: {
        __resolveReference: resolved('reviews'),
        score: field('reviews', 'score', ({ id }) => Number(id) * 3, false),
        critics: field('reviews', 'critics', ({ id }) => some('critics', id).map((other) => ({ id: other }))),
      },
      Query: {
        review: field('reviews', 'review', (_, { id }) => ({ id })),
        reviews: field('reviews', 'Query.reviews', () => some('all reviews').map((id) => ({ id }))),
        shared: () => 7,
      },
      Mutation: { rate: field('reviews', 'rate', (_, { id }) => ({ id })) },
    },
  };

  const accounts: ToyService = {
    typeDefs: `
      type Person @key(fields: "id") { id: ID! name: String! email: String friends: [Person] boss: Person! }
      type Query { me: Person person(id: ID!): Person people: [Person!]! shared: Int @shareable }`,
    resolvers: {
      Person: {
        __resolveReference: resolved('accounts'),
        name: field('accounts', 'Person.name', ({ id }) => `Person ${id}`, false),
        email: field('accounts', 'email', ({ id }) => `${id}@example.org`),
        friends: field('accounts', 'friends', ({ id }) => some('friends', id).map(person)),
        boss: field('accounts', 'boss', ({ id }) => person(idOf('boss', id)), false),
      },
      Query: {
        me: field('accounts', 'me', () => person('3')),
        person: field('accounts', 'person', (_, { id }) => person(String(id))),
        people: field('accounts', 'people', () => some('people').map(person), false),
        shared: () => 7,
      },
    },
  };

  const stock: ToyService = {
    typeDefs: `
      type Price @shareable { amount: Int! currency: String }
      type Product @key(fields: "sku") {
        sku: String! weight: Int @external price: Price @external left: Int! soldOut: Boolean
        shipping: Int @requires(fields: "weight price { amount }") parcel: Parcel @requires(fields: "weight")
      }
      type Size { width: Int @shareable depth: Int! }
      type Parcel { size: Int! carrier: Carrier }
      type Carrier @key(fields: "id") { id: ID! }
      type Query { carriers: [Carrier!]! sizes: [Size] @shareable box: Size @shareable }
      type Mutation { restock(sku: String!): Product! }`,
    resolvers: {
      Product: {
        __resolveReference: resolved('stock'),
        left: field('stock', 'left', ({ id }) => Number(id), false),
        soldOut: field('stock', 'soldOut', ({ id }) => Number(id) === 0),
        shipping: ({ weight, price }: { weight?: number; price?: { amount: number } }) =>
          typeof weight === 'number' ? weight + (price?.amount ?? 1) : null,
        parcel: field('stock', 'parcel', ({ id }) => ({ id, size: 1, carrier: { id: idOf('carrier', id) } })),
      },
      Query: {
        carriers: () => some('carriers').map((id) => ({ id })),
        sizes: field('stock', 'sizes', ({ id }) => [{ width: 1, depth: Number(id) }, null, { width: 2, depth: 2 }]),
        box: field('stock', 'box', ({ id }) => ({ width: Number(id), depth: 5 })),
      },
      Mutation: { restock: field('stock', 'restock', (_, { sku }) => ({ sku }), false) },
    },
  };

  const carriers: ToyService = {
    typeDefs: `
      type Carrier @key(fields: "id") { id: ID! name: String! }
      type Query { carrier(id: ID!): Carrier }`,
    resolvers: {
      Carrier: {
        __resolveReference: resolved('carriers'),
        name: field('carriers', 'Carrier.name', ({ id }) => `Carrier ${id}`, false),
      },
      Query: { carrier: field('carriers', 'carrier', (_, { id }) => ({ id })) },
    },
  };

  const toys = toyServices({ catalog, reviews, accounts, stock, carriers });
  toys.spoil = (data) => {
    if (state.wrong > 0) spoil(data, (...parts) => rolls(state.wrong, ...parts));
  };
  return { state, toys };
}

/** Equal objects are spoilt in the same way, wherever they stand. */
function spoil(value: unknown, isWrong: (...parts: unknown[]) => boolean): void {
  if (typeof value !== 'object' || value === null) return;
  const held = value as Record<string, unknown>;
  const whole = JSON.stringify(value);
  for (const key of Object.keys(held)) {
    const about = Array.isArray(value) ? JSON.stringify(held[key]) : `${whole} ${key}`;
    // Without its key an object is nobody; and what `_entities` may be, graphql-js sees to.
    if (['__typename', 'type', 'id', 'sku', '_entities'].includes(key) || !isWrong(about)) spoil(held[key], isWrong);
    else if (typeof held[key] === 'object' || isWrong('null', about)) held[key] = null;
    else held[key] = typeof held[key] === 'string' ? 0.5 : 'what';
  }
}
