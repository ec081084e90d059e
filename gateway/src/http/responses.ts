import type { ServerResponse } from 'node:http';
import { graphqlError } from '@marketgraph/platform/graphql';
import { publicError } from '../limits/public-error.ts';
import { RequestError } from '../limits/request-error.ts';

/** Answers a request that is not run, in the shape of every GraphQL answer. */
export function sendRequestError(response: ServerResponse, error: RequestError, requestId: string): void {
  const errors = error.errors.map((one) => publicError(one.toJSON(), requestId));
  sendText(response, error.status, JSON.stringify({ errors }), {
    'content-type': 'application/json; charset=utf-8',
    ...error.headers,
  });
}

/** Name and value in turn; names in small letters. */
const noted = new WeakMap<ServerResponse, string[]>();

/**
 * As `setHeader`, until the head is written. Node takes a whole list of headers for a quarter less CPU of a small answer than
 * one after the other.
 */
export function noteHeaders(response: ServerResponse, headers: readonly string[]): void {
  const before = noted.get(response);
  if (before) before.push(...headers);
  else noted.set(response, [...headers]);
}

/** For who writes the head without `sendText`: what was noted is set. */
export function setNotedHeaders(response: ServerResponse): void {
  const headers = noted.get(response) ?? [];
  noted.delete(response);
  for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at]!, headers[at + 1]!);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return;
  const own = {
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  };
  const all = noted.get(response);
  if (all && response.getHeaderNames().length === 0) {
    for (const [name, value] of Object.entries(own)) putHeader(all, name, value);
    response.writeHead(status, all);
  } else {
    setNotedHeaders(response);
    response.writeHead(status, own);
  }
  response.end(text);
}

/** What is said last counts. */
function putHeader(headers: string[], name: string, value: string): void {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name) {
      headers[at + 1] = value;
      return;
    }
  }
  headers.push(name, value);
}

export const notFound = () => new RequestError([graphqlError('BAD_REQUEST', 'There is nothing here.')], 404);

export const methodNotAllowed = (allow: string) =>
  new RequestError([graphqlError('BAD_REQUEST', `Only ${allow}.`)], 405, { allow });
