import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { isOutage } from '../core/outage.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import { isTracing, markFailed, rootFieldOf, type Span, SpanKind, traced } from '../tracing/tracing.ts';
import type { RequestContext } from './context.ts';
import { operationsOf } from './operations.ts';
import { rootFieldsOf } from './repeatable.ts';
import type { SubgraphSchema } from './schema.ts';
import type { Viewer } from './viewer.ts';

/** One operation as the gateway or another service sends it: plain data, safe to copy across a wire. */
export interface SubgraphRequest {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  viewer: Viewer;
  requestId: string;
  traceparent?: string;
  deadlineAt?: number;
}

/**
 * One event for one subscription: `query` is the subscription's operation in
 * this subgraph, `event` becomes the `@Root()` of its resolver.
 */
export interface SubgraphEventRequest extends SubgraphRequest {
  event: StreamRoot;
}

/**
 * The root value of a subscription resolver. `SNAPSHOT` comes first and has no
 * envelope: the resolver authorises, reads the current state and answers it.
 * `LIVE` carries the envelope of the event that happened.
 */
export interface StreamRoot {
  kind: 'SNAPSHOT' | 'LIVE';
  cursor: string;
  /** RFC 3339. */
  occurredAt: string;
  /** The id the topic names; for a list argument there is one snapshot per id. */
  key?: string;
  envelope?: StreamEnvelope;
  /**
   * Set by the resolver of a snapshot that tells the state of one entity: the
   * newest event that state holds. A snapshot can be ahead of the stream; what
   * comes to it later and is not newer is not told again.
   */
  shows?: Pick<StreamEnvelope, 'name' | 'key' | 'sequence'>;
}

export interface StreamEnvelope {
  id: string;
  name: string;
  key: string;
  sequence: number;
  payload: unknown;
}

export interface SubgraphResponse extends Pick<ExecutionResult, 'data' | 'errors'> {
  extensions?: Record<string, unknown>;
}

/** A path of the public port that a subgraph answers itself: uploads, files, webhooks. */
export interface SubgraphRoute {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** The path begins with this, e.g. `/uploads/`. */
  prefix: string;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface Readiness {
  ready: boolean;
  /** Per dependency: whether it answered, and what it is. */
  checks: Record<string, { ok: boolean; detail?: string }>;
}

export interface Subgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly sdl: string;
  readonly routes: readonly SubgraphRoute[];
  execute(request: SubgraphRequest): Promise<SubgraphResponse>;
  executeEvent(request: SubgraphEventRequest): Promise<SubgraphResponse>;
  /** Starts what works by itself: relay, consumers, sweepers. Stores are connected and migrated by then. */
  start(): Promise<void>;
  /** Stops taking work, ends what runs, closes the stores. Safe to call twice. */
  stop(): Promise<void>;
  readiness(): Promise<Readiness>;
}

export interface SubgraphDefinition<Context extends RequestContext> {
  name: string;
  schema: SubgraphSchema;
  log: Logger;
  /** Adds loaders, commands and stores to the request's own facts. Called once per operation. */
  createContext(base: RequestContext): Context;
  routes?: readonly SubgraphRoute[];
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /** Each resolves to a detail or rejects with the reason why the store cannot be used. */
  checks?: Readonly<Record<string, () => Promise<string | void>>>;
}

/** A check that takes longer counts as failed: readiness itself must answer. */
const CHECK_TIMEOUT_MS = 2_000;

export function defineSubgraph<Context extends RequestContext>(definition: SubgraphDefinition<Context>): Subgraph {
  const { name, log } = definition;
  const { schema, sdl } = definition.schema;
  const operations = operationsOf(schema);
  const mutations = schema.getMutationType()?.getFields() ?? {};
  const isIdempotent = (field: string) =>
    mutations[field]?.astNode?.directives?.some((directive) => directive.name.value === 'idempotent') ?? false;
  let stopping: Promise<void> | undefined;

  const run = (request: SubgraphRequest, rootValue: unknown): Promise<SubgraphResponse> => {
    const { traceparent: parent } = request;
    const span = isTracing() ? `${name} ${rootFieldOf(request.query)}` : name;
    return traced(span, { service: name, kind: SpanKind.SERVER, parent }, (traceparent, part) =>
      answer(request, rootValue, { traceparent, part }),
    );
  };
  const answer = async (
    request: SubgraphRequest,
    rootValue: unknown,
    { traceparent, part }: { traceparent: string | undefined; part: Span | undefined },
  ): Promise<SubgraphResponse> => {
    const { query, operationName, variables } = request;
    const context = definition.createContext({
      viewer: request.viewer,
      requestId: request.requestId,
      selected: operations.selectedIn(query),
      traceparent,
      deadlineAt: request.deadlineAt,
      log,
    });
    const result = await operations({ query, operationName, variables, rootValue, context });
    if (part && result.errors) markFailed(part, result.errors[0]?.originalError ?? result.errors[0]);
    return result.errors
      ? { ...result, errors: result.errors.map((error) => masked(error, { name, request, isIdempotent, log })) }
      : result;
  };

  return {
    name,
    schema,
    sdl,
    routes: definition.routes ?? [],
    execute: (request) => run(request, undefined),
    // graphql-js runs a subscription operation against one root value: the spec's ExecuteSubscriptionEvent.
    async executeEvent(request) {
      const root: StreamRoot = { ...request.event, shows: undefined };
      const response = await run(request, root);
      return root.shows ? { ...response, extensions: { ...response.extensions, shows: root.shows } } : response;
    },
    start: async () => definition.start?.(),
    stop: () => (stopping ??= Promise.resolve(definition.stop?.())),
    readiness: () => runChecks(definition.checks ?? {}),
  };
}

interface Masking {
  name: string;
  request: SubgraphRequest;
  isIdempotent(mutation: string): boolean;
  log: Logger;
}

/**
 * What a resolver threw on purpose carries a code and passes. A store or a service that is away is told as that, and
 * whether the same can be asked again: it may have gone away after it had done what it was asked for. Anything else is
 * logged here and told as "internal".
 */
function masked(error: GraphQLError, { name, request, isIdempotent, log }: Masking): GraphQLError {
  if (typeof error.extensions['code'] === 'string') return error;
  if (isOutage(error.originalError)) {
    const { requestId, query, operationName, variables } = request;
    log.warn({ err: error.originalError?.message, requestId, path: error.path }, 'resolver had no store or service');
    const fields = rootFieldsOf({ query, operationName, variables, isIdempotent });
    const retryable = fields.find(({ responseName }) => responseName === error.path?.[0])?.mayRepeat ?? false;
    const advice = retryable ? 'try again' : 'look whether it was done before you try again';
    return new GraphQLError(`This is not possible at the moment; ${advice}.`, {
      path: error.path,
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: name, retryable, requestId },
    });
  }
  log.error({ err: error.originalError ?? error, requestId: request.requestId, path: error.path }, 'resolver failed');
  return new GraphQLError('Something went wrong on our side.', {
    path: error.path,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: request.requestId },
  });
}

async function runChecks(checks: Readonly<Record<string, () => Promise<string | void>>>): Promise<Readiness> {
  const entries = await Promise.all(
    Object.entries(checks).map(async ([store, check]) => {
      try {
        const detail = await withTimeout(check(), CHECK_TIMEOUT_MS);
        return [store, detail ? { ok: true, detail } : { ok: true }] as const;
      } catch (error) {
        return [store, { ok: false, detail: error instanceof Error ? error.message : String(error) }] as const;
      }
    }),
  );
  return { ready: entries.every(([, check]) => check.ok), checks: Object.fromEntries(entries) };
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
