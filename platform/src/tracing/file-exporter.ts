import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { SERVICE_ATTRIBUTE } from './span.ts';

/** One span as a line of the file. */
export interface SpanLine {
  traceId: string;
  spanId: string;
  /** Absent: nothing caused it. */
  parentId?: string;
  service: string;
  name: string;
  kind: string;
  /** Milliseconds since the epoch, with fractions. */
  startMs: number;
  durationMs: number;
  /** Absent: it did not fail. */
  error?: string;
  attributes?: Readonly<Record<string, unknown>>;
  links?: readonly string[];
}

/** A file is for a look, and not for keeping: what one process writes ends here. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Appends spans as JSON lines. Processes may share the file: each batch is one write to its end. */
export function fileExporter(file: string): SpanExporter {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(file, 'a', 0o600);
  let written = 0;
  return {
    export(spans, done) {
      const lines = spans.map((span) => `${JSON.stringify(toLine(span))}\n`).join('');
      if (written < MAX_BYTES) written += writeSync(handle, lines);
      done({ code: 0 });
    },
    async shutdown() {
      closeSync(handle);
    },
  };
}

const toMs = ([seconds, nanoseconds]: [number, number]): number => seconds * 1_000 + nanoseconds / 1_000_000;

function toLine(span: ReadableSpan): SpanLine {
  const { traceId, spanId } = span.spanContext();
  const { [SERVICE_ATTRIBUTE]: service, ...attributes } = span.attributes;
  return {
    traceId,
    spanId,
    ...(span.parentSpanContext ? { parentId: span.parentSpanContext.spanId } : {}),
    service: String(service),
    name: span.name,
    kind: SpanKind[span.kind],
    startMs: toMs(span.startTime),
    durationMs: toMs(span.duration),
    ...(span.status.code === SpanStatusCode.ERROR ? { error: span.status.message ?? 'failed' } : {}),
    ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    ...(span.links.length > 0 ? { links: span.links.map((link) => link.context.traceId) } : {}),
  };
}
