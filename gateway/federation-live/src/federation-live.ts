export { createLiveGraph, type LiveGraph, type LiveGraphOptions } from './live/live-graph.ts';
export { SubscriptionRefusedError } from './live/live-error.ts';
export type {
  Audience,
  EventLog,
  EventRequest,
  Frame,
  LiveLogger,
  LiveOperation,
  LiveServices,
  LiveSink,
  LoggedEvent,
  RunContext,
  StreamRoot,
  SubgraphResult,
} from './live/live-ports.ts';
export type { PayloadRoots } from './live/payload-root.ts';
export { errorsOf } from './live/result-errors.ts';
