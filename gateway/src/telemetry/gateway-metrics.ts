import {
  type Count,
  type CounterFamily,
  createMetrics,
  type GaugeReader,
  type Metrics,
} from '@marketgraph/platform/telemetry';

export type OperationType = 'query' | 'mutation' | 'subscription';
export type OperationOutcome = 'ok' | 'partial' | 'error';

/** What the gateway counts. Lines are looked up once and held, so that the hot path only adds. */
export interface GatewayMetrics {
  /** One query or mutation has been answered; `name` is that of an operation of our own clients, or `other`. */
  operation(name: string, type: OperationType, outcome: OperationOutcome, seconds: number): void;
  /** One call of a subgraph has come to its end: `ok`, `error`, or why there was no answer. */
  subgraphRequest(subgraph: string, outcome: string, seconds: number): void;
  /** Refused before it was run, by the code of the error. */
  rejected: CounterFamily;
  /** Turned away, by the rule that did. */
  rateLimited: CounterFamily;
  /** Sockets closed, by the code. */
  socketsClosed: CounterFamily;
  /** One representation or root fetch the cache was asked for: `hit`, `miss` or `bypass`, by subgraph. */
  cacheRequests: CounterFamily;
  cacheInvalidations: Count;
  /** Read when somebody looks. */
  gauge(name: GatewayGauge, read: GaugeReader): void;
}

const gauges = {
  graphql_ws_connections: { help: 'Open sockets.' },
  graphql_ws_subscriptions: { help: 'Running subscriptions, on every transport.' },
  graphql_ws_buffered_bytes: { help: 'Bytes written to sockets and not sent yet.' },
  circuit_breaker_state: { help: '0 closed, 1 half open, 2 open.', labels: ['target'] },
  entity_cache_entries: { help: 'Entries of the entity cache.' },
  entity_cache_bytes: { help: 'What they weigh.' },
} as const;

export type GatewayGauge = keyof typeof gauges;

/** Without a registry it counts all the same, for nobody. */
export function createGatewayMetrics(metrics: Metrics = createMetrics()): GatewayMetrics {
  const seconds = metrics.histogram({
    name: 'graphql_operation_duration_seconds',
    help: 'Queries and mutations, from the request to its answer.',
    labels: ['operation_name', 'type', 'outcome'],
  });
  const subgraphSeconds = metrics.histogram({
    name: 'graphql_subgraph_request_duration_seconds',
    help: 'Calls of subgraphs, by how they ended.',
    labels: ['subgraph', 'outcome'],
  });
  return {
    operation: (name, type, outcome, duration) => seconds.of(name, type, outcome).observe(duration),
    subgraphRequest: (subgraph, outcome, duration) => subgraphSeconds.of(subgraph, outcome).observe(duration),
    rejected: metrics.counter({
      name: 'graphql_operation_rejected_total',
      help: 'Operations refused before they were run.',
      labels: ['reason'],
    }),
    rateLimited: metrics.counter({
      name: 'rate_limited_total',
      help: 'Requests turned away because there were too many.',
      labels: ['rule'],
    }),
    socketsClosed: metrics.counter({
      name: 'graphql_ws_closed_total',
      help: 'Sockets closed.',
      labels: ['code'],
    }),
    cacheRequests: metrics.counter({
      name: 'entity_cache_requests_total',
      help: 'What the entity cache was asked for.',
      labels: ['outcome', 'subgraph'],
    }),
    cacheInvalidations: metrics
      .counter({ name: 'entity_cache_invalidations_total', help: 'Entries dropped because an event named them.' })
      .of(),
    gauge: (name, read) => metrics.gauge({ name, ...gauges[name] }, read),
  };
}
