import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { closeCodes } from './close-codes.ts';
import { SocketConnection, type SocketParts } from './socket-connection.ts';

export interface SocketServer {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void;
  count(): number;
  /** Tells every client to come back later. */
  stop(): void;
}

/** Frames of one message; more is an attempt to fill memory with empty ones. */
const MAX_FRAGMENTS = 64;
/** How late a socket may be pinged, or told that it never introduced itself. */
const MAX_SWEEP_MS = 1_000;

export function createSocketServer(parts: SocketParts): SocketServer {
  const open = new Set<SocketConnection>();
  const { initTimeoutMs, pingIntervalMs } = parts.limits;
  const sweep = setInterval(
    () => {
      const now = performance.now();
      for (const connection of open) connection.tick(now);
    },
    Math.min(MAX_SWEEP_MS, initTimeoutMs / 4, pingIntervalMs / 4),
  );
  sweep.unref();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: parts.limits.maxMessageBytes,
    maxFragments: MAX_FRAGMENTS,
    handleProtocols: (offered) => (offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  });

  return {
    upgrade(request, socket, head, address) {
      if (open.size >= parts.limits.maxClients) return refuseUpgrade(socket, 503);
      server.handleUpgrade(request, socket, head, (webSocket) => {
        if (webSocket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
          webSocket.on('error', () => webSocket.terminate());
          webSocket.close(closeCodes.subprotocolNotAcceptable, 'Subprotocol not acceptable');
          return;
        }
        const connection: SocketConnection = new SocketConnection(webSocket, request, address, parts, (code) => {
          open.delete(connection);
          parts.closed?.of(String(code)).inc();
        });
        open.add(connection);
      });
    },
    count: () => open.size,
    stop() {
      clearInterval(sweep);
      for (const connection of open) connection.close(closeCodes.goingAway, 'Going away');
    },
  };
}

const REASONS = { 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests', 503: 'Service Unavailable' } as const;

/** Answers a handshake with a plain HTTP refusal. */
export function refuseUpgrade(socket: Duplex, status: keyof typeof REASONS): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
