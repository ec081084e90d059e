import { randomUUID } from 'node:crypto';
import type { Viewer } from '@marketgraph/platform/graphql';
import type { CacheUse } from '../cache/cache-use.ts';
import type { FetchAhead } from './fetch.ts';
import { newTraceParent } from './trace-parent.ts';

/** The facts of one request: handed to every fetch made for it. */
export interface GraphContext {
  viewer: Viewer;
  requestId: string;
  traceparent: string;
  /** Milliseconds since the epoch. */
  deadlineAt: number;
  /** The client's address, as far as it can be believed. */
  address: string;
  /** Where the entity cache notes what it did for this request; absent where nobody asks. */
  cacheUse?: CacheUse;
  /** A fetch of the plan that was sent before the plan was run: it is not sent a second time. */
  ahead?: FetchAhead | undefined;
  [key: string]: unknown;
}

const REQUEST_ID = /^[\w-]{8,64}$/;

export function graphContext(options: {
  viewer: Viewer;
  timeoutMs: number;
  address?: string;
  /** The client's own name for its request; anything odd is replaced. */
  requestId?: string | undefined;
  /** Of the span that answers it, when somebody looks. */
  traceparent?: string | undefined;
}): GraphContext {
  const { viewer, timeoutMs, address = 'internal', requestId, traceparent } = options;
  return {
    viewer,
    requestId: requestId && REQUEST_ID.test(requestId) ? requestId : randomUUID(),
    // A trace of our own: what the public sends is no parent of our spans.
    traceparent: traceparent ?? newTraceParent(),
    deadlineAt: Date.now() + timeoutMs,
    address,
  };
}
