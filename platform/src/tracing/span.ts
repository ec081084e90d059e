import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

export { type Span, SpanKind } from '@opentelemetry/api';

export interface SpanOptions {
  /** Whose work it is; by default that of whoever is at work here. */
  service?: string;
  /** W3C traceparent of what caused it; by default whatever is under way here. */
  parent?: string | undefined;
  kind?: SpanKind;
  /** A few known words and numbers: never what a client wrote, never a value of a statement. */
  attributes?: Attributes;
  /** A traceparent that somebody outside sent: told, and trusted for nothing. */
  link?: string | undefined;
}

const SERVICE = createContextKey('marketgraph service');
/** Of the span: one process may be all services, so its resource says less. */
export const SERVICE_ATTRIBUTE = 'marketgraph.service';
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

let isOn = false;

/** Whether anybody looks at spans. What costs something to prepare is prepared only then. */
export function isTracing(): boolean {
  return isOn;
}

/** From now on spans are made. Called once there is somebody to give them to. */
export function beginTracing(): void {
  isOn = true;
}

export function endTracing(): void {
  isOn = false;
}

/**
 * Runs work as a span of its own, ended when the promise is. `traceparent` is what to hand on to whoever works for it
 * elsewhere. Without tracing it is the parent, and this is a call of the work and nothing else.
 */
export function traced<T>(
  name: string,
  options: SpanOptions,
  work: (traceparent: string | undefined, span?: Span) => Promise<T>,
): Promise<T> {
  if (!isOn) return work(options.parent);
  const parent = parentOf(options);
  const service = options.service ?? serviceOf(parent);
  const span = trace.getTracer('marketgraph').startSpan(
    name,
    {
      kind: options.kind ?? SpanKind.INTERNAL,
      attributes: { ...options.attributes, [SERVICE_ATTRIBUTE]: service },
      links: linksOf(options.link),
    },
    parent,
  );
  return context.with(trace.setSpan(parent, span).setValue(SERVICE, service), () => ended(span, work));
}

/** The same for a part of something: what nobody asked for, like the look of an idle loop, makes no spans. */
export function tracedPart<T>(name: string, options: SpanOptions, work: (span?: Span) => Promise<T>): Promise<T> {
  if (!isOn || trace.getActiveSpan() === undefined) return work();
  return traced(name, options, (_, span) => work(span));
}

/** What is under way here, for whoever goes on with it elsewhere. */
export function activeTraceparent(): string | undefined {
  const span = isOn ? trace.getActiveSpan() : undefined;
  return span && traceparentOf(span);
}

/** For work that somebody else will do for whoever is at work here: it then is under what is under way now. */
export function keepContext(): <T>(work: () => T) => T {
  if (!isOn) return call;
  const kept = context.active();
  return (work) => context.with(kept, work);
}

function call<T>(work: () => T): T {
  return work();
}

/** For log lines. */
export function activeIds(): { trace_id?: string; span_id?: string } {
  const found = isOn ? trace.getActiveSpan()?.spanContext() : undefined;
  return found ? { trace_id: found.traceId, span_id: found.spanId } : {};
}

/** Every method that answers with a promise becomes a part of what is under way, as `<name> <method>`. */
export function tracedPort<Port extends object>(name: string, port: Port): Port {
  if (!isOn) return port;
  return new Proxy(port, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      return (...given: unknown[]) => {
        const call = () => Reflect.apply(member as (...given: unknown[]) => unknown, target, given);
        if (!isOn || trace.getActiveSpan() === undefined) return call();
        return ofCall(`${name} ${key}`, call);
      };
    },
  });
}

/** A part whose end is told by somebody else than its work; undefined where nothing is under way. */
export function beginPart(name: string, { kind, attributes }: SpanOptions): { end(error?: unknown): void } | undefined {
  if (!isOn || trace.getActiveSpan() === undefined) return undefined;
  const span = startPart(name, { kind, attributes });
  return {
    end(error) {
      if (error !== undefined) markFailed(span, error);
      span.end();
    },
  };
}

function startPart(name: string, { kind = SpanKind.CLIENT, attributes }: SpanOptions): Span {
  const parent = context.active();
  const all = { ...attributes, [SERVICE_ATTRIBUTE]: serviceOf(parent) };
  return trace.getTracer('marketgraph').startSpan(name, { kind, attributes: all }, parent);
}

/** A call that may answer at once; only one that does not is worth a span, which begins with it. */
function ofCall(name: string, call: () => unknown): unknown {
  const span = startPart(name, {});
  const answer = context.with(trace.setSpan(context.active(), span), call);
  if (!(answer instanceof Promise)) return answer;
  return ended(span, () => answer);
}

async function ended<T>(span: Span, work: (traceparent: string, span: Span) => Promise<T>): Promise<T> {
  try {
    return await work(traceparentOf(span), span);
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Says that it failed, and by the name of the error alone: messages have values in them. */
export function markFailed(span: Span | undefined, error: unknown): void {
  const code = error instanceof Error && 'code' in error ? ` ${String(error.code)}` : '';
  span?.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? `${error.name}${code}` : 'failed' });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & SAMPLED}`;
}

function parentOf({ parent }: SpanOptions): Context {
  if (parent === undefined) return context.active();
  const found = remote(parent);
  return found ? trace.setSpanContext(ROOT_CONTEXT, found) : ROOT_CONTEXT;
}

function linksOf(traceparent: string | undefined) {
  const found = traceparent === undefined ? undefined : remote(traceparent);
  return found ? [{ context: found }] : [];
}

function remote(traceparent: string) {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (!traceId || !spanId || !flags) return undefined;
  const found = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & SAMPLED, isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}

function serviceOf(at: Context): string {
  return (at.getValue(SERVICE) as string | undefined) ?? (context.active().getValue(SERVICE) as string) ?? 'unknown';
}

/** The first field an operation asks for, by which a person knows it: `checkoutComplete`, `_entities`. */
export function rootFieldOf(query: string): string {
  return /\)?\s*(?:@\w+[^{]*)?\{\s*(?:\w+\s*:\s*)?(\w+)/.exec(query)?.[1] ?? 'operation';
}
