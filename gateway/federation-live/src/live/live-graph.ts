import type { Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { type DocumentNode, GraphQLError, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { cursorCodec } from './cursor.ts';
import { startEventSource, type EventSource } from './event-source.ts';
import { defaultGroupLimits, type GroupLimits } from './group.ts';
import { createHub, type HubCounts, type LiveSubscription } from './hub.ts';
import { SubscriptionRefusedError } from './live-error.ts';
import type { Audience, EventLog, LiveLogger, LiveServices, LiveSink, LoggedEvent, RunContext } from './live-ports.ts';
import type { ReplayLimits } from './replay.ts';
import { eventRunner } from './run-event.ts';
import type { SubscriberLimits } from './subscriber.ts';
import { planSubscription, type SubscriptionPlan } from './subscription-plan.ts';
import { subscriptionRequest } from './subscription-request.ts';

export interface LiveGraphOptions {
  supergraph: Supergraph;
  services: LiveServices;
  log: EventLog;
  logger: LiveLogger;
  /** Seals cursors; the same for every gateway of one graph. */
  cursorSecret: string;
  /** Domains to follow; by default the subgraphs that own a subscription. */
  domains?: readonly string[];
  /** Hears every event, before the subscriptions do. */
  onEvent?(event: LoggedEvent): void;
  /** Turns an error into what clients may see. */
  formatError?(error: GraphQLError, context: RunContext): object;
  now?(): Date;
  cursorArgument?: string;
  skipCode?: string;
  maxKeys?: number;
  planCacheSize?: number;
  limits?: {
    group?: Partial<GroupLimits>;
    replay?: Partial<ReplayLimits>;
    subscriber?: Partial<SubscriberLimits>;
    logTimeoutMs?: number;
  };
}

export interface LiveOperation {
  /** Parsed and validated against `schema`. */
  document: DocumentNode;
  /** The text it was parsed from. */
  text: string;
  operationName?: string;
  variables?: Readonly<Record<string, unknown>>;
}

export interface LiveGraph {
  /** What clients see: validate documents against it. */
  readonly schema: GraphQLSchema;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Rejects with `SubscriptionRefusedError` when the subscription cannot begin. */
  subscribe(operation: LiveOperation, audience: Audience, sink: LiveSink): Promise<LiveSubscription>;
  recheck(concerns: (audience: Audience) => boolean): Promise<void>;
  /** Whether the event log has been read successfully within the last 3 s: what `onEvent` tells is up to date. */
  isCurrent(): boolean;
  counts(): HubCounts;
}

const DEFAULT_MAX_KEYS = 100;
const DEFAULT_PLAN_CACHE_SIZE = 1_000;

/** Subscriptions over a federated graph: planned by the stock planner, fed by an event log. */
export function createLiveGraph(options: LiveGraphOptions): LiveGraph {
  const { log, logger, cursorArgument = 'after', now = () => new Date() } = options;
  const { supergraph } = options;
  const api = supergraph.apiSchema();
  const schema = api.toGraphQLJSSchema();
  const schemas = { supergraph, api, schema, planner: new QueryPlanner(supergraph), cursorArgument };
  const plans = new LRUCache<string, SubscriptionPlan>({ max: options.planCacheSize ?? DEFAULT_PLAN_CACHE_SIZE });
  const formatError = options.formatError ?? ((error: GraphQLError) => error.toJSON());
  const hub = createHub({
    log,
    logger,
    now,
    cursors: cursorCodec(options.cursorSecret),
    runner: eventRunner({
      services: options.services,
      schema,
      supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
      api,
      skipCode: options.skipCode ?? 'EVENT_SKIPPED',
      log: logger,
    }),
    toFrame(data, errors, context) {
      const formatted = errors.length > 0 ? { errors: errors.map((error) => formatError(error, context)) } : {};
      const body = JSON.stringify({ ...formatted, data });
      return { body, bytes: Buffer.byteLength(body) };
    },
    limits: { ...defaultGroupLimits, ...options.limits?.group },
    replay: options.limits?.replay,
    subscriber: options.limits?.subscriber,
    logTimeoutMs: options.limits?.logTimeoutMs,
  });
  let source: EventSource | undefined;

  return {
    schema,

    async start() {
      source = await startEventSource({
        log,
        logger,
        domains: options.domains ?? subscriptionOwners(supergraph),
        onEvent(event) {
          options.onEvent?.(event);
          hub.onEvent(event);
        },
      });
    },

    async stop() {
      hub.close();
      await source?.stop();
    },

    async subscribe({ document, text, operationName, variables = {} }, audience, sink) {
      const planKey = JSON.stringify([text, operationName ?? null]);
      let plan = plans.get(planKey);
      if (!plan) {
        plan = planSubscription(schemas, document, operationName);
        plans.set(planKey, plan);
      }
      const maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS;
      const request = subscriptionRequest({ schema, plan, planKey, variables, audience, cursorArgument, maxKeys });
      try {
        return await hub.subscribe(request, sink);
      } catch (error) {
        if (error instanceof SubscriptionRefusedError) throw error;
        logger.warn({ err: error, field: plan.field.name }, 'subscription could not begin');
        throw new SubscriptionRefusedError([unavailable(plan.owner, error)]);
      }
    },

    recheck: (concerns) => hub.recheck(concerns),
    isCurrent: () => source?.isCurrent() ?? false,
    counts: () => hub.counts(),
  };
}

function subscriptionOwners(supergraph: Supergraph): string[] {
  return supergraph
    .subgraphs()
    .values()
    .filter((subgraph) => subgraph.schema.schemaDefinition.rootType('subscription') !== undefined)
    .map(({ name }) => name);
}

function unavailable(service: string, cause: unknown): GraphQLError {
  return new GraphQLError('This stream is not available at the moment.', {
    originalError: cause instanceof Error ? cause : undefined,
    extensions: { code: 'SUBGRAPH_UNAVAILABLE', service, retryable: true },
  });
}
