import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { ProductDocument } from '../domain/product-document.ts';
import { typesenseIndex } from './search-index.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A search engine that says yes to every document; how many connections were made to it is counted. */
async function anEngine() {
  const seen = { connections: 0, requests: 0 };
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    seen.requests += 1;
    const answer = text.split('\n').map(() => '{"success":true}');
    response.writeHead(200, { 'content-type': 'text/plain' }).end(answer.join('\n'));
  });
  server.on('connection', () => (seen.connections += 1));
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { seen, index: typesenseIndex({ url: `http://127.0.0.1:${port}`, apiKey: 'secret' }) };
}

it('batches that are written and versions that are read one after the other share a connection', async () => {
  const { seen, index } = await anEngine();
  for (let batch = 0; batch < 10; batch += 1) {
    expect(await index.upsert('products_v1', [{ id: `prd_${batch}` } as ProductDocument])).toEqual(new Map());
    await index.export('products_v1');
  }
  expect(seen).toEqual({ connections: 1, requests: 20 });
});
