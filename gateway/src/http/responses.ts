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

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

export const notFound = () => new RequestError([graphqlError('BAD_REQUEST', 'There is nothing here.')], 404);

export const methodNotAllowed = (allow: string) =>
  new RequestError([graphqlError('BAD_REQUEST', `Only ${allow}.`)], 405, { allow });
