import type { Supergraph } from '@apollo/federation-internals';
import { GraphQLError, type GraphQLSchema, validate } from 'graphql';
import { cursorCodec } from './cursor.ts';
import { startEventSource, type EventSource } from './event-source.ts';
import { defaultGroupLimits, type GroupLimits } from './group.ts';
import { createHub, type HubCounts, type LiveSubscription } from './hub.ts';
import { liveError, SubscriptionRefusedError } from './live-error.ts';
import type {
  Audience,
  EventLog,
  LiveLogger,
  LiveOperation,
  LiveServices,
  LiveSink,
  LoggedEvent,
  RunContext,
} from './live-ports.ts';
import { type LiveSchema, liveSchema } from './live-schema.ts';
import type { PayloadRoots } from './payload-root.ts';
import type { ReplayLimits } from './replay.ts';
import { type AroundRun, eventRunner } from './run-event.ts';
import type { SubscriberLimits } from './subscriber.ts';
import { type SubscriptionRequest, subscriptionRequest } from './subscription-request.ts';

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
  /** Fields that tell states: a client or a group that is behind gets the latest of each event key. Default: none. */
  coalesces?(fieldName: string): boolean;
  /** Fields whose events may be answered from the event itself. */
  payloadRoots?: PayloadRoots;
  /** Sees every run for an event, for instance to measure it. */
  aroundRun?: AroundRun;
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

export interface LiveGraph {
  /** What clients see now: validate documents against it. */
  readonly schema: GraphQLSchema;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Rejects with `SubscriptionRefusedError` when the subscription cannot begin. */
  subscribe(operation: LiveOperation, audience: Audience, sink: LiveSink): Promise<LiveSubscription>;
  /** Plans a subscription before anybody asks for it. */
  warm(operation: LiveOperation): void;
  recheck(concerns: (audience: Audience) => boolean): Promise<void>;
  /** Whether the event log has been read successfully within the last 3 s: what `onEvent` tells is up to date. */
  isCurrent(): boolean;
  counts(): HubCounts;
  /**
   * Goes on with another supergraph: open subscriptions that are valid in it
   * continue without a gap, the others end with `BAD_REQUEST`. Rejects, and
   * nothing has changed, when the supergraph cannot be planned with or the log
   * does not answer. `domains` replaces those of the options.
   */
  replaceSupergraph(supergraph: Supergraph, domains?: readonly string[]): Promise<void>;
}

const DEFAULT_MAX_KEYS = 100;
const DEFAULT_PLAN_CACHE_SIZE = 1_000;

/** Subscriptions over a federated graph: planned by the stock planner, fed by an event log. */
export function createLiveGraph(options: LiveGraphOptions): LiveGraph {
  const { log, logger, cursorArgument = 'after', now = () => new Date() } = options;
  const schemaOf = (supergraph: Supergraph) =>
    liveSchema(supergraph, { cursorArgument, planCacheSize: options.planCacheSize ?? DEFAULT_PLAN_CACHE_SIZE });
  let current = schemaOf(options.supergraph);
  const formatError = options.formatError ?? ((error: GraphQLError) => error.toJSON());
  const hub = createHub({
    log,
    logger,
    now,
    cursors: cursorCodec(options.cursorSecret),
    runner: (count) =>
      eventRunner({
        services: options.services,
        skipCode: options.skipCode ?? 'EVENT_SKIPPED',
        payloadRoots: options.payloadRoots,
        around: options.aroundRun,
        count,
      }),
    toFrame(data, errors, context) {
      const formatted = errors.length > 0 ? { errors: errors.map((error) => formatError(error, context)) } : {};
      const body = JSON.stringify({ ...formatted, data });
      return { body, bytes: Buffer.byteLength(body) };
    },
    coalesces: (fieldName) => options.coalesces?.(fieldName) ?? false,
    limits: { ...defaultGroupLimits, ...options.limits?.group },
    replay: options.limits?.replay,
    subscriber: options.limits?.subscriber,
    logTimeoutMs: options.limits?.logTimeoutMs,
  });
  let source: EventSource | undefined;
  let replacing: Promise<void> = Promise.resolve();

  const requestOf = (schema: LiveSchema, operation: LiveOperation, audience: Audience): SubscriptionRequest =>
    subscriptionRequest({
      plan: schema.planOf(operation),
      operation,
      audience,
      cursorArgument,
      maxKeys: options.maxKeys ?? DEFAULT_MAX_KEYS,
    });

  const replace = async (supergraph: Supergraph, domains?: readonly string[]): Promise<void> => {
    const next = schemaOf(supergraph);
    // Followed before anyone can listen to them: a snapshot is never older than what is followed.
    await source?.add(domains ?? options.domains ?? next.owners);
    current = next;
    const invalid = new Map<string, readonly GraphQLError[]>();
    await hub.replan(({ plan, operation, audience }) => {
      // A later replacement waits for this one, so what is not of `next` is older.
      if (plan.schema === next.schema) return null;
      const known = invalid.get(plan.key);
      if (known) throw new SubscriptionRefusedError(known);
      const [error] = validate(next.schema, operation.document, undefined, { maxErrors: 1 });
      if (!error) return requestOf(next, operation, audience);
      const refusal = [liveError('BAD_REQUEST', `The schema has changed: ${error.message}`)];
      invalid.set(plan.key, refusal);
      throw new SubscriptionRefusedError(refusal);
    });
  };

  return {
    get schema() {
      return current.schema;
    },

    async start() {
      source = await startEventSource({
        log,
        logger,
        domains: options.domains ?? current.owners,
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

    async subscribe(operation, audience, sink) {
      // Planned and registered in one turn: a supergraph that comes next finds it.
      const request = requestOf(current, operation, audience);
      try {
        return await hub.subscribe(request, sink);
      } catch (error) {
        if (error instanceof SubscriptionRefusedError) throw error;
        const { field, owner } = request.plan;
        logger.warn({ err: error, field: field.name }, 'subscription could not begin');
        throw new SubscriptionRefusedError([unavailable(owner, error)]);
      }
    },

    warm: (operation) => void current.planOf(operation),
    recheck: (concerns) => hub.recheck(concerns),
    isCurrent: () => source?.isCurrent() ?? false,
    counts: () => hub.counts(),

    replaceSupergraph(supergraph, domains) {
      const replaced = replacing.then(() => replace(supergraph, domains));
      replacing = replaced.catch(() => undefined);
      return replaced;
    },
  };
}

function unavailable(service: string, cause: unknown): GraphQLError {
  return new GraphQLError('This stream is not available at the moment.', {
    originalError: cause instanceof Error ? cause : undefined,
    extensions: { code: 'SUBGRAPH_UNAVAILABLE', service, retryable: true },
  });
}
