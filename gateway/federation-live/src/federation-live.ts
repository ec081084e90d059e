export { createLiveGraph, type LiveGraph, type LiveGraphOptions, type LiveOperation } from './live/live-graph.ts';
export { SubscriptionRefusedError } from './live/live-error.ts';
export type {
  Audience,
  EventLog,
  EventRequest,
  Frame,
  LiveLogger,
  LiveServices,
  LiveSink,
  LoggedEvent,
  RunContext,
  StreamRoot,
  SubgraphResult,
} from './live/live-ports.ts';
export { errorsOf } from './live/run-event.ts';
