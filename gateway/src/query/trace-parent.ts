import { randomFillSync } from 'node:crypto';

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const TRACES_AT_ONCE = 256;

/** Asking the system for random bytes costs more than all the rest of a context, so it is asked for many at once. */
const pool = Buffer.alloc((TRACE_BYTES + SPAN_BYTES) * TRACES_AT_ONCE);
let next = pool.length;

/** A trace of our own, as W3C's `traceparent`. */
export function newTraceParent(): string {
  if (next >= pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  const trace = pool.toString('hex', next, next + TRACE_BYTES);
  const span = pool.toString('hex', next + TRACE_BYTES, next + TRACE_BYTES + SPAN_BYTES);
  next += TRACE_BYTES + SPAN_BYTES;
  return `00-${trace}-${span}-01`;
}
