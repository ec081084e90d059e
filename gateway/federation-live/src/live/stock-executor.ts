import { buildOperationContext, executeQueryPlan } from '@apollo/gateway';
import type { Supergraph } from '@apollo/federation-internals';
import type { QueryPlan } from '@apollo/query-planner';
import type { DocumentNode, GraphQLError, GraphQLFormattedError } from 'graphql';
import { errorsOf } from './result-errors.ts';

export interface ServiceFetch {
  service: string;
  query: string;
  operationName?: string;
  variables: Record<string, unknown>;
}

export type ServiceFetcher = (
  fetch: ServiceFetch,
) => Promise<{ data?: object | null; errors?: readonly GraphQLFormattedError[] }>;

export interface CompiledPlan {
  run(run: {
    variables: Record<string, unknown>;
    fetch: ServiceFetcher;
  }): Promise<{ data: object | null; errors?: GraphQLError[] }>;
}

export interface Executor {
  compile(options: { plan: QueryPlan; document: DocumentNode; operationName?: string | undefined }): CompiledPlan;
}

type PlanRequest = Parameters<typeof executeQueryPlan>[2];
type Services = Parameters<typeof executeQueryPlan>[1];

/** The stock executor behind the interface of the compiled one. */
export function createExecutor({ supergraph }: { supergraph: Supergraph; apiSchema?: unknown }): Executor {
  const api = supergraph.apiSchema();
  const schema = api.toGraphQLJSSchema();
  const supergraphSchema = supergraph.schema.toGraphQLJSSchema();
  return {
    compile({ plan, document, operationName }) {
      const context = buildOperationContext({ schema, operationDocument: document, operationName });
      const { node } = plan;
      if (node?.kind !== 'Subscription') throw new TypeError('This runs subscriptions.');
      const event = { ...node.primary, serviceName: '@event' };
      const steps: QueryPlan = {
        kind: 'QueryPlan',
        node: { kind: 'Sequence', nodes: node.rest ? [event, node.rest] : [event] },
      };
      return {
        async run({ variables, fetch }) {
          const services: Services = Object.fromEntries(
            ['@event', ...supergraph.subgraphs().names()].map((service) => [
              service,
              {
                process: async ({ request: { query = '', operationName: name, variables: given = {} } }) =>
                  structuredClone(
                    await fetch({ service, query, ...(name ? { operationName: name } : {}), variables: given }),
                  ) as never,
              },
            ]),
          );
          const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
          const request = { request: { variables }, context: {}, metrics: {}, logger: log, document, schema };
          const result = await executeQueryPlan(
            steps,
            services,
            request as unknown as PlanRequest,
            context,
            supergraphSchema,
            api,
          );
          return { data: result.data ?? null, errors: errorsOf(result) };
        },
      };
    },
  };
}

export function shareFetches(fetch: ServiceFetcher): ServiceFetcher {
  const known = new Map<string, ReturnType<ServiceFetcher>>();
  return (one) => {
    const key = JSON.stringify([one.service, one.query, one.variables]);
    let answer = known.get(key);
    if (!answer) known.set(key, (answer = fetch(one)));
    return answer;
  };
}
