import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

const SAMPLED = 1;
/** Traces whose outcome is waited for, and spans of each: what is beyond is not kept, error or not. */
const MAX_TRACES = 500;
const MAX_SPANS = 200;

interface Held {
  spans: ReadableSpan[];
  isKept: boolean;
}

/**
 * Sampling that keeps errors: of a trace that was not chosen, the spans of this process are held until its part has
 * ended, and go out all the same when one of them failed.
 */
export function keepingErrors(next: SpanProcessor): SpanProcessor {
  const traces = new Map<string, Held>();
  return {
    onStart: (span, parent) => next.onStart(span, parent),
    onEnd(span) {
      const { traceId, traceFlags } = span.spanContext();
      if ((traceFlags & SAMPLED) !== 0) return next.onEnd(span);
      const held = traces.get(traceId) ?? { spans: [], isKept: false };
      if (!traces.has(traceId)) {
        if (traces.size >= MAX_TRACES) traces.delete(traces.keys().next().value!);
        traces.set(traceId, held);
      }
      held.isKept ||= span.status.code === SpanStatusCode.ERROR;
      if (held.spans.length < MAX_SPANS) held.spans.push(span);
      if (held.isKept) for (const one of held.spans.splice(0)) next.onEnd(chosen(one));
      if (!span.parentSpanContext || span.parentSpanContext.isRemote) traces.delete(traceId);
      return undefined;
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

/** Processors drop what is not marked as sampled. */
function chosen(span: ReadableSpan): ReadableSpan {
  const spanContext = { ...span.spanContext(), traceFlags: SAMPLED };
  return Object.create(span, { spanContext: { value: () => spanContext } }) as ReadableSpan;
}
