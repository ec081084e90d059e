import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SpanLine } from '@marketgraph/platform/tracing';

/** A checkout goes on in the trace in which it began. */
const CHECKOUT = 'orders checkoutStart';

/** The spans of the newest checkout in a file; none when there is no checkout in it. */
export function lastCheckoutIn(file: string): Promise<SpanLine[]> {
  return lastTraceWith(file, CHECKOUT);
}

/** The newest trace in which there is such a span. */
export async function lastTraceWith(file: string, name: string): Promise<SpanLine[]> {
  let last: SpanLine | undefined;
  for await (const span of spansIn(file)) {
    if (span.name === name && (!last || span.startMs > last.startMs)) last = span;
  }
  return last ? await traceIn(file, last.traceId) : [];
}

export async function traceIn(file: string, traceId: string): Promise<SpanLine[]> {
  const spans: SpanLine[] = [];
  for await (const span of spansIn(file)) if (span.traceId === traceId) spans.push(span);
  return spans;
}

/** Line by line: the file may be larger than memory. The last line of a process that was killed may be half a one. */
async function* spansIn(file: string): AsyncGenerator<SpanLine> {
  for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    let span: SpanLine;
    try {
      span = JSON.parse(line) as SpanLine;
    } catch {
      continue;
    }
    yield span;
  }
}
