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
  ShownEvent,
  StreamRoot,
  SubgraphResult,
} from './live/live-ports.ts';
export type { PayloadRoots } from './live/payload-root.ts';
export type { AroundRun } from './live/run-event.ts';
export { errorsOf } from './live/result-errors.ts';
export {
  type CompiledPlan,
  type CompileOptions,
  createExecutor,
  type Executor,
  type ExecutorOptions,
  type PlanResult,
  type PlanRun,
  type ServiceAnswer,
  type ServiceFetch,
  type ServiceFetcher,
} from './executor/executor.ts';
export { shareFetches } from './executor/share-fetches.ts';
export { UnsupportedPlanError } from './executor/unsupported-plan-error.ts';
