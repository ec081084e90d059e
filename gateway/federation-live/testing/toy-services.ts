import { composeServices } from '@apollo/composition';
import { isAbstractType, operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { buildOperationContext, executeQueryPlan } from '@apollo/gateway';
import { type QueryPlan, QueryPlanner } from '@apollo/query-planner';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  type DocumentNode,
  execute,
  getOperationAST,
  getVariableValues,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  validate,
} from 'graphql';
import { createExecutor, type Executor, type ServiceAnswer, type ServiceFetch } from '../src/executor/executor.ts';

const IMPORTS = ['key', 'shareable', 'requires', 'provides', 'external', 'inaccessible', 'override', 'interfaceObject'];
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [${IMPORTS.map((name) => `"@${name}"`).join(', ')}])`;

export interface ToyService {
  typeDefs: string;
  resolvers: Record<string, unknown>;
}

export interface ToyResult {
  data: unknown;
  /** What a client is told, the order aside. */
  errors: string[];
  raw: readonly GraphQLError[];
}

/** Subgraphs of a test, composed, with both executors in front. */
export interface ToyServices {
  supergraph: Supergraph;
  schema: GraphQLSchema;
  executor: Executor;
  /** Every fetch since the last `ours` or `stock`. */
  fetches: ServiceFetch[];
  /** Stands before a subgraph: may throw, or answer in its place. */
  intercept: ((fetch: ServiceFetch) => ServiceAnswer | undefined) | undefined;
  /** Spoils what a subgraph answered. */
  spoil: ((data: unknown) => void) | undefined;
  fetch(fetch: ServiceFetch): Promise<ServiceAnswer>;
  plan(document: DocumentNode): QueryPlan;
  ours(query: string, variables?: Record<string, unknown>): Promise<ToyResult>;
  stock(query: string, variables?: Record<string, unknown>): Promise<ToyResult>;
}

export function toyServices(services: Record<string, ToyService>): ToyServices {
  const supergraph = composed(services);
  const supergraphSchema = supergraph.schema.toGraphQLJSSchema();
  const schema = supergraph.apiSchema().toGraphQLJSSchema();
  const planner = new QueryPlanner(supergraph);
  const subgraphs = new Map(
    Object.entries(services).map(([name, { typeDefs, resolvers }]) => [
      name,
      buildSubgraphSchema([{ typeDefs: parse(`${LINK}\n${typeDefs}`), resolvers: resolvers as never }]),
    ]),
  );
  const prepare = (query: string, given: Record<string, unknown>) => {
    const document = parse(query);
    const [problem] = validate(schema, document);
    if (problem) throw problem;
    const definitions = getOperationAST(document)?.variableDefinitions ?? [];
    const { coerced, errors } = getVariableValues(schema, definitions, given);
    if (errors) throw errors[0]!;
    toys.fetches.length = 0;
    return { document, variables: coerced! };
  };

  const toys: ToyServices = {
    supergraph,
    schema,
    executor: createExecutor({ supergraph, apiSchema: schema }),
    fetches: [],
    intercept: undefined,
    spoil: undefined,
    async fetch(fetch) {
      toys.fetches.push(fetch);
      const answer = toys.intercept?.(fetch);
      if (answer !== undefined) return answer;
      const result = await execute({
        schema: subgraphs.get(fetch.service)!,
        document: parse(fetch.query),
        variableValues: fetch.variables,
      });
      const sent = JSON.parse(JSON.stringify(result)) as ServiceAnswer;
      toys.spoil?.(sent.data);
      return sent;
    },
    plan: (document) => planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), document)),
    async ours(query, given = {}) {
      const { document, variables } = prepare(query, given);
      const compiled = toys.executor.compile({ plan: toys.plan(document), document });
      // Whoever writes to an answer fails: it may be another's too.
      const fetch = async (each: ServiceFetch): Promise<ServiceAnswer> => frozen(await toys.fetch(each));
      const { data, errors = [] } = await compiled.run({ variables, fetch });
      return { data: JSON.parse(JSON.stringify(data)), errors: toldOf(errors), raw: errors };
    },
    async stock(query, given = {}) {
      const { document, variables } = prepare(query, given);
      const process = (service: string) => ({
        process: async ({ request }: { request: ServiceFetch }) =>
          typed(supergraph, await toys.fetch({ service, query: request.query, variables: { ...request.variables } })),
      });
      const result = await executeQueryPlan(
        toys.plan(document),
        Object.fromEntries([...subgraphs.keys()].map((name) => [name, process(name)])) as never,
        { request: { variables }, context: {}, metrics: {}, document, schema } as never,
        buildOperationContext({ schema, operationDocument: document, operationName: undefined }),
        supergraphSchema,
        supergraph.apiSchema(),
      );
      const hinted = (result.extensions?.['valueCompletion'] ?? []) as GraphQLError[];
      const raw = [...((result.errors ?? []) as GraphQLError[]), ...hinted];
      return { data: JSON.parse(JSON.stringify(result.data ?? null)), errors: toldOf(raw), raw };
    },
  };
  return toys;
}

/** The stock executor lets the answer of an interface object hide the type that is known already: it is not shown it. */
function typed(supergraph: Supergraph, answer: ServiceAnswer): ServiceAnswer {
  const { _entities: entities } = (answer.data ?? {}) as { _entities?: ({ __typename?: string } | null)[] };
  for (const entity of entities ?? []) {
    const type = supergraph.schema.type(entity?.__typename ?? '');
    if (type && isAbstractType(type)) delete entity!.__typename;
  }
  return answer;
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** Errors as lines, each once, in an order of their own. */
export function toldOf(errors: readonly Pick<GraphQLError, 'message' | 'path'>[]): string[] {
  return [...new Set(errors.map(({ message, path }) => `${path?.join('.') ?? '-'}: ${message}`))].toSorted();
}

function composed(services: Record<string, ToyService>): Supergraph {
  const result = composeServices(
    Object.entries(services).map(([name, { typeDefs }]) => ({
      name,
      url: '',
      typeDefs: parse(`${LINK}\n${typeDefs}`),
    })),
  );
  if (!result.supergraphSdl) throw new Error(result.errors?.map(String).join('\n'));
  return Supergraph.build(result.supergraphSdl);
}
