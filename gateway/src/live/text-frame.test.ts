import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrame } from './text-frame.ts';

/** Sends each text in a frame of ours, past the library, and resolves to what its client has read. */
async function readByLibrary(texts: readonly string[]): Promise<string[]> {
  const http = createServer();
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  http.on('upgrade', (request, socket, head) => {
    server.handleUpgrade(request, socket, head, (accepted) => {
      for (const text of texts) socket.write(textFrame(text));
      accepted.close(1_000);
    });
  });
  http.listen(0, '127.0.0.1');
  try {
    await once(http, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    const received: string[] = [];
    client.on('message', (data: Buffer, isBinary) => received.push(isBinary ? 'binary' : data.toString()));
    const [code] = (await once(client, 'close')) as [number];
    expect(code).toBe(1_000);
    return received;
  } finally {
    http.closeAllConnections();
    http.close();
  }
}

describe('the frame of a text', () => {
  it('is read by a client as the text, at every size of the header', async () => {
    const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
    const texts = [...sizes.map((size) => 'x'.repeat(size)), ...sizes.map((size) => 'ü'.repeat(size)), '😀 a'];
    expect(await readByLibrary(texts)).toEqual(texts);
  });

  it('is read by a client as the text, whatever characters are in it', async () => {
    const texts = fc.sample(fc.string({ unit: 'grapheme', maxLength: 300 }), 500);
    expect(await readByLibrary(texts)).toEqual(texts);
  });
});
