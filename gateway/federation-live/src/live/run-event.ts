import { executeQueryPlan } from '@apollo/gateway';
import type { Schema } from '@apollo/federation-internals';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { LiveLogger, LiveServices, RunContext, StreamRoot, SubgraphResult } from './live-ports.ts';
import { EVENT_SERVICE } from './subscription-plan.ts';
import type { SubscriptionRequest } from './subscription-request.ts';

export interface EventRunner {
  /** Runs the whole plan for one event. Rejects when the owner cannot be reached. */
  run(request: SubscriptionRequest, event: StreamRoot, context: RunContext): Promise<RunOutcome>;
  /** Only asks the owner: resolves to its refusal, or null when the caller may listen. */
  ask(
    request: SubscriptionRequest,
    event: StreamRoot,
    context: RunContext,
  ): Promise<readonly GraphQLFormattedError[] | null>;
}

export type RunOutcome =
  | { kind: 'result'; data: unknown; errors: readonly GraphQLError[] }
  /** The owner says this event is not for this subscription. */
  | { kind: 'skipped' }
  /** The owner answered nothing but errors. */
  | { kind: 'refused'; errors: readonly GraphQLError[] };

export interface EventRunnerOptions {
  services: LiveServices;
  schema: GraphQLSchema;
  supergraphSchema: GraphQLSchema;
  api: Schema;
  /** The code by which an owner's resolver drops an event. */
  skipCode: string;
  log: LiveLogger;
}

type PlanRequest = Parameters<typeof executeQueryPlan>[2];

export function eventRunner(options: EventRunnerOptions): EventRunner {
  const { services, schema, supergraphSchema, api, skipCode, log } = options;

  const primaryOf = (request: SubscriptionRequest, event: StreamRoot, context: RunContext): Promise<SubgraphResult> => {
    const { primary, owner } = request.plan;
    const variables: Record<string, unknown> = {};
    for (const name of primary.variableUsages ?? []) {
      if (request.variables[name] !== undefined) variables[name] = request.variables[name];
    }
    return services.executeEvent(owner, { query: primary.operation, variables, event }, context);
  };

  return {
    async run(request, event, context) {
      const primary = await primaryOf(request, event, context);
      if (primary.errors?.some(({ extensions }) => extensions?.['code'] === skipCode)) return { kind: 'skipped' };
      const name = request.plan.fieldNode.alias?.value ?? request.plan.field.name;
      if (primary.errors?.length && (primary.data?.[name] ?? null) === null) {
        return { kind: 'refused', errors: primary.errors.map(toGraphQLError) };
      }
      const { plan, document, operationContext } = request.plan;
      const result = await executeQueryPlan(
        plan,
        { ...services.dataSources, [EVENT_SERVICE]: { process: async () => primary } },
        {
          request: { variables: request.variables },
          context,
          metrics: {},
          logger: planLogger(log),
          document,
          schema,
          // The executor reads these members of a server's request context and no others.
        } as unknown as PlanRequest,
        operationContext,
        supergraphSchema,
        api,
      );
      return { kind: 'result', data: result.data ?? null, errors: errorsOf(result) };
    },

    async ask(request, event, context) {
      const { data, errors } = await primaryOf(request, event, context);
      const name = request.plan.fieldNode.alias?.value ?? request.plan.field.name;
      return errors?.length && (data?.[name] ?? null) === null ? errors : null;
    },
  };
}

/** A null that broke a promise of the schema is an error like any other; the stock executor only hints at it. */
export function errorsOf(result: {
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}): GraphQLError[] {
  const completion = result.extensions?.['valueCompletion'];
  const hinted = Array.isArray(completion) ? (completion as GraphQLFormattedError[]) : [];
  return [...(result.errors ?? []), ...hinted].map(toGraphQLError);
}

/** The stock executor also lists plain errors and errors as they came off a wire. */
function toGraphQLError(error: GraphQLFormattedError | Error): GraphQLError {
  if (error instanceof GraphQLError) return error;
  if (error instanceof Error) return new GraphQLError(error.message, { originalError: error });
  return new GraphQLError(error.message, { path: error.path, extensions: error.extensions });
}

function planLogger(log: LiveLogger) {
  const at = (level: 'debug' | 'warn' | 'error') => (message: unknown) => log[level]({}, String(message));
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}
