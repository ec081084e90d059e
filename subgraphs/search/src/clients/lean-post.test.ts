import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { typesenseIndex } from './search-index.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A search engine that answers as told, behind a path of its own; what it was asked is kept. */
async function anEngine(answer: (n: number) => { status?: number; body: string } | undefined) {
  const asked: { path: string; key: string | undefined; body: unknown }[] = [];
  server = createServer(async (request: IncomingMessage, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    asked.push({ path: request.url!, key: request.headers['x-typesense-api-key'] as string, body: JSON.parse(text) });
    const given = answer(asked.length);
    if (!given) return void request.socket.destroy();
    response.writeHead(given.status ?? 200, { 'content-type': 'application/json' }).end(given.body);
  });
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { asked, index: typesenseIndex({ url: `http://127.0.0.1:${port}/engine/`, apiKey: 'secret' }) };
}

const request = { words: 'lamp', filterBy: '', offset: 0, limit: 1 };
const found = JSON.stringify({ results: [{ found: 1, hits: [{ document: { id: 'prd_1', title: 'Größe' } }] }] });

describe('a search sent the short way', () => {
  it('goes to the path and with the key it was given, and reads what comes back', async () => {
    const { asked, index } = await anEngine(() => ({ body: found }));
    const [answer] = await index.search([request]);
    expect(answer?.hits[0]?.document).toEqual({ id: 'prd_1', title: 'Größe' });
    expect(asked).toMatchObject([
      { path: '/engine/multi_search', key: 'secret', body: { searches: [{ q: 'lamp', collection: 'products' }] } },
    ]);
  });

  it('asks once more when a connection is lost or the engine is not well', async () => {
    const { asked, index } = await anEngine((n) => (n === 1 ? undefined : { body: found }));
    expect(await index.search([request])).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  it('S12 says that search is away when it stays so, and what was refused is our own fault', async () => {
    const away = await anEngine(() => ({ status: 503, body: '{"message":"Not Ready or Lagging"}' }));
    await expect(away.index.search([request])).rejects.toMatchObject({
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: true },
    });
    server?.close();
    const refusing = await anEngine(() => ({ status: 400, body: '{"message":"Bad JSON."}' }));
    await expect(refusing.index.search([request])).rejects.toThrow('Bad JSON.');
    expect(refusing.asked).toHaveLength(1);
  });
});
