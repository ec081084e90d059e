import type { IncomingMessage, ServerResponse } from 'node:http';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { GraphQLFormattedError } from 'graphql';
import type { SocketLimits } from '../config.ts';
import type { Caller } from '../identity/identity.ts';
import type { OperationRequest } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import type { Operations, OperationSink } from './operations.ts';
import type { SessionWatch } from './session-watch.ts';

export interface EventStreams {
  /** Answers with a stream of the operation's results: graphql-sse, distinct connections. */
  open(options: {
    request: IncomingMessage;
    response: ServerResponse;
    operation: OperationRequest;
    caller: Caller;
    address: string;
  }): Promise<void>;
  count(): number;
  /** Completes every stream. */
  stop(): void;
}

/** Proxies drop a silent connection sooner than clients do. */
const HEARTBEAT_MS = 12_000;
const CLOSE_PATIENCE_MS = 2_000;

export function createEventStreams(parts: {
  operations: Operations;
  sessions: SessionWatch;
  limits: SocketLimits;
  log: Logger;
}): EventStreams {
  const { operations, sessions, limits, log } = parts;
  const open = new Set<OperationSink>();

  return {
    async open({ request, response, operation, caller, address }) {
      if (!acceptsEventStream(request)) {
        throw new RequestError([graphqlError('BAD_REQUEST', 'This answers with text/event-stream: accept it.')], 406);
      }
      if (open.size >= limits.maxClients) {
        const busy = graphqlError('RATE_LIMITED', 'Too many streams are open.', { retryable: true });
        throw new RequestError([busy], 503, { 'retry-after': '10' });
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
        connection: 'keep-alive',
      });
      response.write(':\n\n');
      let isEnded = false;
      let stop = (): void => undefined;
      const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
      const release = () => {
        isEnded = true;
        clearInterval(heartbeat);
        unwatch();
        open.delete(sink);
        stop();
      };
      const end = (errors: readonly GraphQLFormattedError[] | null) => {
        if (isEnded) return;
        release();
        if (errors) response.write(`event: next\ndata: ${JSON.stringify({ errors })}\n\n`);
        response.end('event: complete\ndata:\n\n');
        setTimeout(() => response.destroy(), CLOSE_PATIENCE_MS).unref();
      };
      const sink: OperationSink = {
        get isClosed() {
          return isEnded;
        },
        get hasRoom() {
          return isEnded || !response.writableNeedDrain;
        },
        next({ body }) {
          if (isEnded) return;
          if (response.writableLength > limits.maxUnsentBytes) {
            log.info({ address, unsent: response.writableLength }, 'client is too slow');
            end([formatted('SLOW_CONSUMER', 'Too slow: resume with your last cursor.')]);
            return;
          }
          response.write(`event: next\ndata: ${body}\n\n`);
        },
        async drained() {
          if (isEnded || !response.writableNeedDrain) return;
          await new Promise<void>((resolve) => {
            response.once('drain', resolve);
            response.once('close', resolve);
          });
        },
        end,
      };
      const unwatch = sessions.watch(caller, () => end([formatted('UNAUTHENTICATED', 'Your session has ended.')]));
      open.add(sink);
      response.once('close', () => {
        if (!isEnded) release();
      });
      stop = await operations.run(operation, caller, address, sink);
      if (isEnded) stop();
    },
    count: () => open.size,
    stop() {
      for (const sink of open) sink.end(null);
    },
  };
}

function acceptsEventStream({ headers: { accept } }: IncomingMessage): boolean {
  return accept === undefined || /text\/event-stream|\*\/\*|text\/\*/.test(accept);
}

function formatted(code: 'SLOW_CONSUMER' | 'UNAUTHENTICATED', message: string): GraphQLFormattedError {
  return graphqlError(code, message).toJSON();
}
