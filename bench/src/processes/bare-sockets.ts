import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveParent } from '../measure/serve-parent.ts';

/** The least a server in Node can do: the `ws` library sends one text to everybody. */
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
const open = new Set<WebSocket>();
server.on('connection', (socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
  socket.on('error', () => undefined);
});
http.listen(0, '127.0.0.1');
await once(http, 'listening');

serveParent({
  facts: { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}` },
  answer({ text }: { text: string }) {
    for (const socket of open) socket.send(text);
    return open.size;
  },
});
