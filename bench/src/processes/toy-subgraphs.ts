import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DocumentNode, execute, type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import { serveParent } from '../measure/serve-parent.ts';
import { TOY_SUBGRAPHS, toySchema } from '../toy/toy-shop.ts';

/**
 * All subgraphs of the toy shop in one process, a port for each. An answer is
 * worked out once per request body and then sent from memory, so that this
 * process costs every gateway the same next to nothing.
 */

const ANSWERS = 20_000;

interface Body {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  event?: unknown;
}

function serve(schema: GraphQLSchema): Promise<string> {
  const documents = new LRUCache<string, DocumentNode>({ max: 1_000 });
  const answers = new LRUCache<string, Buffer>({ max: ANSWERS });

  const run = async (text: string): Promise<Buffer> => {
    const { query, operationName, variables, event } = JSON.parse(text) as Body;
    let document = documents.get(query);
    if (!document) {
      document = parse(query, { noLocation: true });
      documents.set(query, document);
    }
    const result: ExecutionResult = await execute({
      schema,
      document,
      rootValue: event,
      operationName,
      variableValues: variables,
    });
    return Buffer.from(JSON.stringify(result));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') return send(response, Buffer.from('{"ready":true,"checks":{}}'));
    const text = await bodyOf(request);
    const known = answers.get(text);
    if (known) return send(response, known);
    const bytes = await run(text);
    answers.set(text, bytes);
    return send(response, bytes);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.keepAliveTimeout = 65_000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function send(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.byteLength });
  response.end(bytes);
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => resolve(text));
    request.on('error', reject);
  });
}

const urls = Object.fromEntries(
  await Promise.all(TOY_SUBGRAPHS.map(async (name) => [name, await serve(toySchema(name))] as const)),
);
serveParent({ facts: { urls } });
