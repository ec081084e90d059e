import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { type DocumentNode, GraphQLError, parse, validate } from 'graphql';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Audience, type LiveGraph, type LiveSink, SubscriptionRefusedError } from '../src/federation-live.ts';

/** Everybody is the same here. With users, `scope` and `subject` are the user, and `context` who that is now. */
const everybody: Audience = { scope: 'everybody', subject: 'everybody', context: async () => ({}) };

const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_UNSENT_BYTES = 1024 * 1024;
const MAX_OPERATIONS = 20;
const INVALID_MESSAGE = 4400;
const TOO_SLOW = 4410;

interface Message {
  type: string;
  id: string;
  payload: { query: string; variables?: Record<string, unknown>; operationName?: string };
}

export interface SocketServer {
  url: string;
  stop(): Promise<void>;
}

/** Subscriptions over graphql-transport-ws, as the `graphql-ws` client and Apollo Client speak it. */
export async function startSocketServer(live: LiveGraph, port: number): Promise<SocketServer> {
  const server = new WebSocketServer({
    port,
    host: '127.0.0.1',
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
  });
  server.on('connection', (socket) => serve(live, socket));
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(live: LiveGraph, socket: WebSocket): void {
  const running = new Map<string, () => void>();
  const say = (message: object) => socket.send(JSON.stringify(message));
  const forget = (id: string) => {
    running.get(id)?.();
    running.delete(id);
  };

  const sinkOf = (id: string): LiveSink => ({
    get isClosed() {
      return socket.readyState !== socket.OPEN || !running.has(id);
    },
    get hasRoom() {
      return socket.bufferedAmount === 0;
    },
    // The result was written to JSON once for everyone who gets it: it is only wrapped here.
    next({ body }) {
      if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.close(TOO_SLOW, 'Too slow: resume with your last cursor');
      else socket.send(`{"id":${JSON.stringify(id)},"type":"next","payload":${body}}`);
    },
    // A ping leaves behind everything that waits.
    drained: () => new Promise((resolve) => socket.ping('', false, () => resolve())),
    end(errors) {
      forget(id);
      say(errors ? { id, type: 'error', payload: errors } : { id, type: 'complete' });
    },
  });

  const subscribe = async ({ id, payload }: Message): Promise<void> => {
    const { query: text, variables, operationName } = payload;
    if (running.has(id) || running.size >= MAX_OPERATIONS) throw new TypeError('Not another operation.');
    running.set(id, () => undefined);
    const sink = sinkOf(id);
    try {
      const document = documentOf(live, text);
      const { stop } = await live.subscribe({ document, text, variables, operationName }, everybody, sink);
      // It may be over already, or the client may have thought better of it.
      if (running.has(id)) running.set(id, stop);
      else stop();
    } catch (error) {
      if (!(error instanceof SubscriptionRefusedError)) throw error;
      sink.end(error.errors);
    }
  };

  socket.on('message', (data) => {
    const hear = async (): Promise<void> => {
      const message = JSON.parse(String(data)) as Message;
      if (message.type === 'connection_init') say({ type: 'connection_ack' });
      else if (message.type === 'ping') say({ type: 'pong' });
      else if (message.type === 'subscribe') await subscribe(message);
      else if (message.type === 'complete') forget(message.id);
    };
    hear().catch(() => socket.close(INVALID_MESSAGE, 'Invalid message'));
  });
  socket.on('close', () => {
    for (const id of running.keys()) forget(id);
  });
}

/** Parsed and validated; a server with many clients keeps documents by their text. */
function documentOf(live: LiveGraph, text: string): DocumentNode {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: 2_000 });
  } catch (error) {
    throw error instanceof GraphQLError ? new SubscriptionRefusedError([error]) : error;
  }
  const errors = validate(live.schema, document);
  if (errors.length > 0) throw new SubscriptionRefusedError(errors);
  return document;
}
