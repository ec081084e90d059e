import type { Logger } from '../telemetry/telemetry.ts';
import type { Viewer } from './viewer.ts';

/** What every resolver can rely on; a subgraph adds its loaders, commands and stores. */
export interface RequestContext {
  viewer: Viewer;
  requestId: string;
  /** W3C traceparent of the caller, handed on to events and calls. */
  traceparent?: string;
  /** Milliseconds since the epoch after which nobody waits for the answer. */
  deadlineAt?: number;
  log: Logger;
}
