import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { graphQLResultHasProtocolErrors, PROTOCOL_ERRORS_SYMBOL, ServerError } from '@apollo/client/errors';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { type DocumentNode, parse } from 'graphql';
import { WebSocket } from 'ws';
import { until } from '@marketgraph/platform/testing';
import type { Json, TestGateway } from './test-gateway.ts';

export interface Listener {
  results: Json[];
  /** How the stream ended; undefined while it goes on. */
  end: { kind: 'complete' } | { kind: 'error'; error: Json } | undefined;
  stop(): void;
  seen(count: number): Promise<Json[]>;
  ended(): Promise<Json>;
}

interface Request {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/** Subscribes with one of the official clients. */
export type Listen = (gateway: TestGateway, request: Request, token?: string) => Listener;

export const overWebSocket: Listen = (gateway, request, token) => {
  const client = createWsClient({
    url: gateway.socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazyCloseTimeout: 0,
    ...(token ? { connectionParams: { authorization: `Bearer ${token}` } } : {}),
  });
  return listener((sink) => client.subscribe(request, sink));
};

export const overEventStream: Listen = (gateway, request, token) => {
  const client = createSseClient({
    url: `${gateway.url}/graphql/stream`,
    retryAttempts: 0,
    ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
  });
  return listener((sink) => client.subscribe(request, sink));
};

/** Apollo Client's link alone: what it makes of each part, without a cache in front. */
export const overMultipart: Listen = (gateway, { query, variables }, token) => {
  const link = new HttpLink({
    uri: `${gateway.url}/graphql`,
    ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
  });
  return listener(({ next, error, complete }) => {
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const document = parsed(query);
    if (!document) return sendUnparsed(gateway, query, error);
    const subscription = ApolloLink.execute(link, { query: document, variables }, { client }).subscribe({
      next: (result) =>
        next(graphQLResultHasProtocolErrors(result) ? result.extensions[PROTOCOL_ERRORS_SYMBOL] : result),
      error: (failure) => error(ServerError.is(failure) ? JSON.parse(failure.bodyText).errors : failure),
      complete,
    });
    return () => subscription.unsubscribe();
  });
};

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null;
  }
}

/** Apollo Client sends no text that it cannot parse itself. */
function sendUnparsed(gateway: TestGateway, query: string, error: Sink['error']): () => void {
  gateway.post({ query }).then(({ body }) => error(body.errors), error);
  return () => undefined;
}

type Sink = { next(value: Json): void; error(error: unknown): void; complete(): void };

function listener(subscribe: (sink: Sink) => () => void): Listener {
  const state: Listener = {
    results: [],
    end: undefined,
    stop: () => undefined,
    seen: async (count) => {
      await until(() => state.results.length >= count || state.end, { what: `${count} results` });
      return state.results;
    },
    ended: async () => until(() => state.end, { what: 'the end' }),
  };
  state.stop = subscribe({
    next: (value) => void state.results.push(value),
    error: (error) => {
      state.end ??= { kind: 'error', error };
    },
    complete: () => {
      state.end ??= { kind: 'complete' };
    },
  });
  return state;
}

/** A socket without a client library: what it was told, and how it was closed. */
export interface RawSocket {
  socket: WebSocket;
  messages: Json[];
  send(message: unknown): void;
  closed(): Promise<{ code: number; reason: string }>;
  message(type: string, id?: string): Promise<Json>;
}

export async function rawSocket(
  url: string,
  { protocol = 'graphql-transport-ws', headers = {} }: { protocol?: string; headers?: Record<string, string> } = {},
): Promise<RawSocket> {
  const socket = new WebSocket(url, protocol, { headers });
  const messages: Json[] = [];
  let close: { code: number; reason: string } | undefined;
  socket.on('message', (data) => messages.push(JSON.parse(data.toString()) as Json));
  socket.on('close', (code, reason) => {
    close = { code, reason: reason.toString() };
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    messages,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    closed: () => until(() => close, { what: 'the close' }),
    message: (type, id) =>
      until(() => messages.find((one) => one.type === type && (id === undefined || one.id === id)), { what: type }),
  };
}
