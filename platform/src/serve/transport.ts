import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readiness, SubgraphEventRequest, SubgraphRequest, SubgraphResponse } from '../graphql/subgraph.ts';

/**
 * How the gateway and services reach a subgraph: in this process or over HTTP.
 * Both do the work of the wire: own context, own deadline, no shared objects.
 * A subgraph that cannot be reached rejects with `SubgraphUnavailableError`.
 */
export interface SubgraphTransport {
  readonly names: readonly string[];
  execute(name: string, request: SubgraphRequest): Promise<SubgraphResponse>;
  executeEvent(name: string, request: SubgraphEventRequest): Promise<SubgraphResponse>;
  /** Hands a public request (upload, file, webhook) to the subgraph that owns the path. */
  forward(name: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  readiness(name: string): Promise<Readiness>;
  close(): Promise<void>;
}

const REASONS = {
  unreachable: 'unreachable',
  timeout: 'too slow',
  refused: 'refused',
  'circuit-open': 'not asked at the moment',
} as const;

export class SubgraphUnavailableError extends Error {
  /** One copy of it was lost with this call; others are there for the next. */
  readonly isServed: boolean;
  /** It was sent and may have been run, though nobody heard of it. */
  readonly wasSent: boolean;

  constructor(
    readonly subgraph: string,
    /** `circuit-open`: it was not asked, because it did not answer those who asked before. */
    readonly reason: 'unreachable' | 'timeout' | 'refused' | 'circuit-open',
    options: ErrorOptions & { isServed?: boolean; wasSent?: boolean } = {},
  ) {
    super(`${subgraph} is ${REASONS[reason]}`, options);
    this.name = 'SubgraphUnavailableError';
    this.isServed = options.isServed ?? false;
    this.wasSent = options.wasSent ?? (reason === 'timeout' || reason === 'refused');
  }
}

const DEFAULT_DEADLINE_MS = 10_000;

/** What is left of a request's time. */
export function timeLeftMs({ deadlineAt }: SubgraphRequest): number {
  return deadlineAt === undefined ? DEFAULT_DEADLINE_MS : Math.max(deadlineAt - Date.now(), 1);
}
