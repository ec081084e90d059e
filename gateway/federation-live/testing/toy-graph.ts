import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, type ExecutionResult, GraphQLError, parse } from 'graphql';
import type { LiveServices, ShownEvent, StreamRoot } from '../src/live/live-ports.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@requires", "@external"])';

/** Three subgraphs: lamps own the subscriptions, people and rooms add to what they say. */
const typeDefs = {
  lamps: `${LINK}
    type Query { lamp(id: ID!): Lamp }
    interface Light { id: ID! }
    type Lamp implements Light @key(fields: "id") { id: ID! name: String! watts: Int! owner: Person }
    type Person @key(fields: "id", resolvable: false) { id: ID! }
    type Candle { id: ID! hours: Int! }
    union Glow = Lamp | Candle
    type LampEvent { cursor: String! kind: String! step: Int lamp: Lamp! }
    type Subscription {
      lampChanged(id: ID!, minWatts: Int = 0, after: String): LampEvent!
      lampsChanged(ids: [ID!]!, after: String): LampEvent!
      myLamps(after: String): LampEvent!
      lightChanged(id: ID!, after: String): Light
      glowChanged(id: ID!, after: String): Glow
    }`,
  people: `${LINK}
    type Query { person(id: ID!): Person }
    type Person @key(fields: "id") { id: ID! name: String! nick: String }`,
  rooms: `${LINK}
    type Query { rooms: [Room!]! }
    type Room @key(fields: "id") { id: ID! title: String! }
    type Lamp @key(fields: "id") { id: ID! room: Room area: Int! watts: Int! @external load: Int @requires(fields: "watts") }`,
};

interface Root extends StreamRoot {
  envelope?: { id: string; name: string; key: string; sequence: number; payload: { step?: number; watts?: number } };
}

export interface ToyState {
  watts: Map<string, number>;
  steps: Map<string, number>;
  /** By lamp, what its owner says that a snapshot holds. */
  shows: Map<string, ShownEvent>;
  /** Ids nobody may listen to. */
  secret: Set<string>;
  /** People who do not tell their nick name. */
  shy: Set<string>;
  /** Subgraphs that do not answer. */
  down: Set<string>;
  /** How many of the next calls fail, by subgraph. */
  flaky: Map<string, number>;
  /** Runs before a subgraph answers. */
  before?: (service: string) => Promise<void> | void;
  /** What was asked of whom. */
  calls: { service: string; query: string; variables: Record<string, unknown>; context: unknown }[];
}

export interface ToyGraph {
  supergraph: Supergraph;
  /** The supergraph of other definitions; the subgraphs stay as they are. */
  supergraphWith(edit: (definitions: typeof typeDefs) => Record<string, string>): Supergraph;
  services: LiveServices;
  state: ToyState;
}

export function toyGraph(): ToyGraph {
  const state: ToyState = {
    watts: new Map(),
    steps: new Map(),
    shows: new Map(),
    secret: new Set(),
    shy: new Set(),
    down: new Set(),
    flaky: new Map(),
    calls: [],
  };
  const lampOf = (id: string) => ({
    __typename: 'Lamp',
    id,
    name: `Lamp ${id}`,
    watts: state.watts.get(id) ?? 40,
    owner: { id: `p-${id}` },
  });
  const eventOf = (root: Root, id: string, minWatts = 0) => {
    if (state.secret.has(id)) throw new GraphQLError('No such lamp.', { extensions: { code: 'FORBIDDEN' } });
    const watts = root.envelope?.payload.watts ?? state.watts.get(id) ?? 40;
    if (root.kind === 'LIVE' && watts < minWatts) {
      throw new GraphQLError('Not this one.', { extensions: { code: 'EVENT_SKIPPED' } });
    }
    const step = root.envelope?.payload.step ?? state.steps.get(id) ?? 0;
    return { cursor: root.cursor, kind: root.kind, step, lamp: lampOf(id) };
  };
  const schemas = {
    lamps: schemaOf(typeDefs.lamps, {
      Query: { lamp: (_: unknown, { id }: { id: string }) => lampOf(id) },
      Lamp: { __resolveReference: ({ id }: { id: string }) => lampOf(id) },
      Light: { __resolveType: () => 'Lamp' },
      Glow: { __resolveType: (glow: { hours?: number }) => (glow.hours === undefined ? 'Lamp' : 'Candle') },
      Subscription: {
        lampChanged: (root: Root, { id, minWatts }: { id: string; minWatts: number }) => eventOf(root, id, minWatts),
        lampsChanged: (root: Root) => eventOf(root, root.key ?? '?'),
        myLamps: (root: Root) => eventOf(root, root.key ?? '?'),
        lightChanged: (_: Root, { id }: { id: string }) => lampOf(id),
        glowChanged: (root: Root, { id }: { id: string }) => {
          if (root.envelope?.payload.step === 0) return null;
          return root.kind === 'LIVE' ? { id, hours: root.envelope?.payload.step } : lampOf(id);
        },
      },
    }),
    people: schemaOf(typeDefs.people, {
      Person: {
        __resolveReference: ({ id }: { id: string }) => ({ id, name: `Person ${id}`, nick: null }),
        nick({ id }: { id: string }) {
          if (state.shy.has(id)) throw new GraphQLError('Not for you.', { extensions: { code: 'SHY' } });
          return null;
        },
      },
    }),
    rooms: schemaOf(typeDefs.rooms, {
      Query: { rooms: () => [] },
      Lamp: {
        __resolveReference: (lamp: { id: string; watts?: number }) => lamp,
        room: ({ id }: { id: string }) => ({ id: `r-${id}`, title: `Room of ${id}` }),
        area: ({ id }: { id: string }) => (id === 'nowhere' ? null : 12),
        load: ({ watts }: { watts?: number }) => (watts === undefined ? null : watts * 2),
      },
    }),
  };

  const ask = async (
    service: keyof typeof schemas,
    query: string,
    variables: Record<string, unknown>,
    rest: { rootValue?: unknown; context: unknown },
  ): Promise<ExecutionResult> => {
    state.calls.push({ service, query, variables, context: rest.context });
    await state.before?.(service);
    const failures = state.flaky.get(service) ?? 0;
    state.flaky.set(service, Math.max(failures - 1, 0));
    if (state.down.has(service) || failures > 0) throw new Error(`${service} is down`);
    const result = await execute({
      schema: schemas[service],
      document: parse(query),
      variableValues: variables,
      rootValue: rest.rootValue,
    });
    return JSON.parse(JSON.stringify(result)) as ExecutionResult;
  };

  return {
    supergraph: composed(typeDefs),
    supergraphWith: (edit) => composed(edit(typeDefs)),
    state,
    services: {
      async executeEvent(service, { query, variables, event }, context) {
        const result = await ask(service as keyof typeof schemas, query, variables, { rootValue: event, context });
        const shows = event.kind === 'SNAPSHOT' ? state.shows.get(event.key ?? '') : undefined;
        return { ...result, ...(shows && { extensions: { shows } }) } as never;
      },
      fetch: (service, { query, variables }, context) =>
        ask(service as keyof typeof schemas, query, variables, { context }),
    },
  };
}

function schemaOf(sdl: string, resolvers: Record<string, Record<string, unknown>>) {
  return buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);
}

function composed(definitions: Record<string, string>): Supergraph {
  const result = composeServices(
    Object.entries(definitions).map(([name, sdl]) => ({ name, url: '', typeDefs: parse(sdl) })),
  );
  if (!result.supergraphSdl) throw new Error(result.errors?.map(String).join('\n'));
  return Supergraph.build(result.supergraphSdl);
}
