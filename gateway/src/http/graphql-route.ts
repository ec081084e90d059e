import type { IncomingMessage, ServerResponse } from 'node:http';
import { graphqlError } from '@marketgraph/platform/graphql';
import { cacheOutcome, noteCacheUse } from '../cache/cache-use.ts';
import type { HttpLimits } from '../config.ts';
import type { Identity } from '../identity/identity.ts';
import type { Documents, OperationRequest, PreparedOperation } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import type { HttpStreams } from '../live/http-streams.ts';
import { acceptsEventStream, acceptsMultipart, eventStreamFormat, multipartFormat } from '../live/stream-format.ts';
import { prepareCharged } from '../rate/prepare-charged.ts';
import type { RateLimits } from '../rate/rate-limits.ts';
import type { GraphContext } from '../query/graph-context.ts';
import type { QueryEngine } from '../query/query-engine.ts';
import { operationFromSearch, operationRequest, readJsonBody } from './json-body.ts';
import { methodNotAllowed, noteHeaders, sendText, setNotedHeaders } from './responses.ts';

export interface GraphqlRouteParts {
  documents: Documents;
  engine: QueryEngine;
  identity: Identity;
  rates: RateLimits;
  streams: HttpStreams;
  limits: HttpLimits;
}

export interface GraphqlExchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** The query string with its question mark, or nothing. */
  search: string;
  address: string;
  contextOf(viewer: GraphContext['viewer']): GraphContext;
}

/** `/graphql`: one query or mutation, one answer; a subscription for those who accept an answer of many parts. */
export async function answerGraphql(parts: GraphqlRouteParts, exchange: GraphqlExchange): Promise<void> {
  const { engine, identity, rates, streams } = parts;
  const { request, response, search, address, contextOf } = exchange;
  const caller = await identity.authenticate(request.headers.authorization, address);
  const { operation, body } = await readOperation(parts, exchange);
  const prepared = await prepareCharged(parts, operation, { viewer: caller.viewer, address });
  if (prepared.operation.operation === 'subscription') {
    if (acceptsMultipart(request.headers.accept)) {
      setNotedHeaders(response);
      return streams.open({ format: multipartFormat, response, operation, caller, address });
    }
    const message =
      'Subscriptions are served over WebSocket (graphql-transport-ws), as events at /graphql/stream, ' +
      'and here to those who accept multipart/mixed;subscriptionSpec=1.0.';
    throw new RequestError([graphqlError('BAD_REQUEST', message)]);
  }
  const counted = rates.spend(caller.viewer, address, prepared.cost + prepared.takeSurcharge());
  if (counted) await counted;
  // Bodies stay what they are; who wants to know what an operation costs says so.
  if (request.headers['x-graphql-cost'] !== undefined) noteHeaders(response, ['x-graphql-cost', String(prepared.cost)]);
  const asked = { method: request.method ?? 'POST', search, body };
  const context = noteCacheUse(contextOf(caller.viewer));
  const answer = await engine.http({
    ...(operation.sha256Hash || prepared.text !== operation.query ? spelledOut(asked, operation, prepared) : asked),
    headers: request.headers,
    prepared,
    variables: operation.variables,
    context,
  });
  noteHeaders(response, ['x-cache', cacheOutcome(context)]);
  sendText(response, answer.status, answer.text, answer.headers);
}

/** `/graphql/stream`: one operation of any kind, as server-sent events. */
export async function answerStream(parts: GraphqlRouteParts, exchange: GraphqlExchange): Promise<void> {
  const { documents, identity, streams } = parts;
  const { request, response, address } = exchange;
  if (!acceptsEventStream(request.headers.accept)) {
    throw new RequestError([graphqlError('BAD_REQUEST', 'This answers with text/event-stream: accept it.')], 406);
  }
  const caller = await identity.authenticate(request.headers.authorization, address);
  const { operation } = await readOperation(parts, exchange);
  if (request.method === 'GET' && isMutation(documents, operation)) throw methodNotAllowed('POST');
  setNotedHeaders(response);
  await streams.open({ format: eventStreamFormat, response, operation, caller, address });
}

async function readOperation(
  { limits }: GraphqlRouteParts,
  { request, search }: GraphqlExchange,
): Promise<{ operation: OperationRequest; body: unknown }> {
  if (request.method === 'GET') return { operation: operationFromSearch(new URLSearchParams(search)), body: undefined };
  if (request.method !== 'POST') throw methodNotAllowed('GET, POST');
  const body = await readJsonBody(request, limits);
  return { operation: operationRequest(body), body };
}

/** The request of one who knows the text, for one that came with a hash or with other spaces. */
function spelledOut(
  { method }: { method: string },
  { operationName, variables }: OperationRequest,
  { text }: PreparedOperation,
): { method: string; search: string; body: unknown } {
  const name: Record<string, string> = operationName ? { operationName } : {};
  if (method !== 'GET') return { method, search: '', body: { query: text, ...name, variables: variables ?? {} } };
  const search = new URLSearchParams({ query: text, ...name });
  if (variables) search.set('variables', JSON.stringify(variables));
  return { method, search: `?${search}`, body: undefined };
}

/** What does not even validate is reported inside the stream, as its protocol wants. */
function isMutation(documents: Documents, operation: OperationRequest): boolean {
  try {
    return documents.prepare(operation).operation.operation === 'mutation';
  } catch (error) {
    if (error instanceof RequestError) return false;
    throw error;
  }
}
