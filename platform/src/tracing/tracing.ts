export type { SpanLine } from './file-exporter.ts';
export {
  activeTraceparent,
  beginPart,
  markFailed,
  isTracing,
  keepContext,
  rootFieldOf,
  type Span,
  type SpanOptions,
  SpanKind,
  traced,
  tracedPart,
  tracedPort,
} from './span.ts';
export { startTracing, type Tracing } from './start-tracing.ts';
