import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, type GraphQLSchema, parse } from 'graphql';
import type { LiveServices, StreamRoot } from '../src/federation-live.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';

/** Rooms own what can be listened to; people add to it, and know nothing of streams. */
const typeDefs = {
  rooms: `${LINK}
    type Query { room(id: ID!): Room }
    type Room @key(fields: "id") { id: ID! name: String! celsius: Float! }
    type TemperatureEvent { kind: String! cursor: String! celsius: Float! room: Room! }
    type Subscription {
      "The temperature of a room, now and whenever it changes."
      temperatureChanged(roomId: ID!, after: String): TemperatureEvent!
    }`,
  people: `${LINK}
    type Query { person(id: ID!): Person }
    type Person @key(fields: "id") { id: ID! name: String! }
    type Room @key(fields: "id") { id: ID! occupants: [Person!]! }`,
};

const people = new Map([
  ['1', { id: '1', name: 'Ada' }],
  ['2', { id: '2', name: 'Grace' }],
]);

export interface House {
  supergraph: Supergraph;
  services: LiveServices;
  /** The store of the subgraph of rooms. */
  celsius: Map<string, number>;
}

/** Two subgraphs in this process. Over a network only `services` would look different. */
export function house(): House {
  const celsius = new Map([
    ['kitchen', 20],
    ['attic', 12],
  ]);
  const roomOf = (id: string) => ({ id, name: `The ${id}`, celsius: celsius.get(id) });
  const schemas: Record<string, GraphQLSchema> = {
    rooms: buildSubgraphSchema([
      {
        typeDefs: parse(typeDefs.rooms),
        resolvers: {
          Query: { room: (_: unknown, { id }: { id: string }) => (celsius.has(id) ? roomOf(id) : null) },
          Room: { __resolveReference: ({ id }: { id: string }) => roomOf(id) },
          Subscription: {
            // An ordinary resolver: the root value is the event. It is called with a snapshot first.
            temperatureChanged({ kind, cursor, envelope }: StreamRoot, { roomId }: { roomId: string }) {
              if (!celsius.has(roomId)) throw new Error('No such room.');
              const payload = envelope?.payload as { celsius: number } | undefined;
              return { kind, cursor, celsius: payload?.celsius ?? celsius.get(roomId), room: roomOf(roomId) };
            },
          },
        } as never,
      },
    ]),
    people: buildSubgraphSchema([
      {
        typeDefs: parse(typeDefs.people),
        resolvers: {
          Query: { person: (_: unknown, { id }: { id: string }) => people.get(id) },
          Person: { __resolveReference: ({ id }: { id: string }) => people.get(id) },
          Room: { occupants: ({ id }: { id: string }) => (id === 'kitchen' ? [...people.values()] : []) },
        } as never,
      },
    ]),
  };

  const run = async (service: string, query: string, variableValues: Record<string, unknown>, rootValue?: unknown) =>
    execute({ schema: schemas[service]!, document: parse(query), variableValues, rootValue });
  return {
    celsius,
    supergraph: composed(),
    services: {
      executeEvent: async (service, { query, variables, event }) => {
        const { data, errors } = await run(service, query, variables, event);
        return { data, errors: errors?.map((error) => error.toJSON()) };
      },
      fetch: async (service, { query, variables }) => run(service, query, variables),
    },
  };
}

function composed(): Supergraph {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(typeDefs).map(([name, sdl]) => ({ name, typeDefs: parse(sdl) })),
  );
  if (!supergraphSdl) throw new AggregateError(errors ?? [], 'The subgraphs do not fit together');
  return Supergraph.build(supergraphSdl);
}
