import type { GraphQLFormattedError } from 'graphql';

/** How results are written into the body of an HTTP answer that does not end with the first. */
export interface StreamFormat {
  headers: Readonly<Record<string, string>>;
  /** Said at once, so that proxies and clients know that it began. */
  opening: string;
  /** Proxies drop a silent connection. */
  heartbeat: string;
  heartbeatMs: number;
  result(body: string): string;
  /** The last words. With errors: it ended with them, before or after its first result. */
  ending(errors: readonly GraphQLFormattedError[] | null, hasBegun: boolean): string;
  /** The last words of a server that stops, to a client that should come back. */
  goingAway(error: GraphQLFormattedError): string;
}

const NOT_TO_BE_KEPT = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/** graphql-sse, distinct connections. */
export const eventStreamFormat: StreamFormat = {
  headers: { 'content-type': 'text/event-stream; charset=utf-8', connection: 'keep-alive', ...NOT_TO_BE_KEPT },
  opening: ':\n\n',
  heartbeat: ':\n\n',
  heartbeatMs: 12_000,
  result: (body) => `event: next\ndata: ${body}\n\n`,
  ending: (errors) => `${errors ? eventStreamFormat.result(JSON.stringify({ errors })) : ''}event: complete\ndata:\n\n`,
  // Without "complete" the connection counts as lost, and clients connect again by themselves.
  goingAway: () => '',
};

/**
 * Apollo's multipart protocol for subscriptions. What the operation answers is
 * in `payload`; `errors` beside it say that the stream itself is broken off.
 */
export const multipartFormat: StreamFormat = {
  headers: { 'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0', ...NOT_TO_BE_KEPT },
  opening: '\r\n--graphql',
  heartbeat: part('{}'),
  heartbeatMs: 5_000,
  result: (body) => part(`{"payload":${body}}`),
  ending: (errors, hasBegun) => {
    if (!errors) return '--\r\n';
    return `${part(JSON.stringify(hasBegun ? { payload: null, errors } : { payload: { data: null, errors } }))}--\r\n`;
  },
  goingAway: (error) => multipartFormat.ending([error], true),
};

function part(json: string): string {
  return `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;
}

/** `multipart/mixed` of the subscription protocol, among whatever else is accepted. */
export function acceptsMultipart(accept: string | undefined): boolean {
  return (accept ?? '')
    .toLowerCase()
    .split(',')
    .some(
      (range) => /^\s*multipart\/mixed\s*;/.test(range) && /;\s*subscriptionspec\s*=\s*"?1\.0"?\s*(;|$)/.test(range),
    );
}

export function acceptsEventStream(accept: string | undefined): boolean {
  return accept === undefined || /text\/event-stream|\*\/\*|text\/\*/.test(accept);
}
