import { once } from 'node:events';
import { createClient as createSseClient } from 'graphql-sse';
import { expect } from 'vitest';
import { sha256 } from '../../src/persisted/manifest.ts';
import { rawSocket } from '../support/live-clients.ts';
import type { Json, TestGateway } from '../support/test-gateway.ts';

/** What a hostile request got back. */
export interface Reply {
  /** Null: not over HTTP. */
  status: number | null;
  headers: Headers;
  text: string;
  codes: string[];
  body: Json;
}

export interface HostileOperation {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
}

/** One way to ask the graph; all of them have the same door. */
export type Way = (at: TestGateway, operation: HostileOperation) => Promise<Reply>;

export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, ...read(text) };
}

function read(text: string): Pick<Reply, 'text' | 'codes' | 'body'> {
  let body: Json = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not every refusal has a body.
  }
  return { text, body, codes: codesOf(body?.errors) };
}

const codesOf = (errors: Json): string[] => errors?.map(({ extensions }: Json) => extensions?.code ?? 'none') ?? [];

const JSON_BODY = { 'content-type': 'application/json' };

export async function posted(at: TestGateway, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return replyOf(
    await fetch(`${at.url}/graphql`, {
      method: 'POST',
      headers: { ...JSON_BODY, ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
    }),
  );
}

const byPost: Way = (at, operation) => posted(at, operation);

const byHash: Way = (at, operation) =>
  posted(at, { ...operation, extensions: { persistedQuery: { version: 1, sha256Hash: sha256(operation.query) } } });

const byGet: Way = async (at, { query, operationName, variables }) => {
  const search = new URLSearchParams({ query, ...(operationName === undefined ? {} : { operationName }) });
  if (variables) search.set('variables', JSON.stringify(variables));
  return replyOf(await fetch(`${at.url}/graphql?${search}`, { headers: JSON_BODY }));
};

const bySocket: Way = async (at, operation) => {
  const { socket, send, message, messages, closed } = await rawSocket(at.socketUrl);
  try {
    send({ type: 'connection_init' });
    await message('connection_ack');
    send({ id: '1', type: 'subscribe', payload: operation });
    const answer = await Promise.race([
      Promise.any([message('error', '1'), message('next', '1')]),
      closed().then(({ code }) => ({ type: 'error', payload: [{ extensions: { code: `closed ${code}` } }] })),
    ]);
    const text = JSON.stringify(messages);
    const body = answer.type === 'error' ? { errors: answer.payload } : answer.payload;
    return { status: null, headers: new Headers(), text, body, codes: codesOf(body.errors) };
  } finally {
    const gone = once(socket, 'close');
    socket.terminate();
    if (socket.readyState !== socket.CLOSED) await gone;
  }
};

const byEventStream: Way = async (at, operation) => {
  const client = createSseClient({ url: `${at.url}/graphql/stream`, retryAttempts: 0 });
  try {
    for await (const result of client.iterate(operation)) {
      const text = JSON.stringify(result);
      return { status: null, headers: new Headers(), ...read(text) };
    }
    throw new Error('The stream ended without a word.');
  } catch (error) {
    if (!Array.isArray(error)) throw error;
    return { status: null, headers: new Headers(), ...read(JSON.stringify({ errors: error })) };
  } finally {
    client.dispose();
  }
};

export const ways: Readonly<Record<string, { ask: Way; maxBytes: number }>> = {
  POST: { ask: byPost, maxBytes: 1024 * 1024 },
  'POST with its hash': { ask: byHash, maxBytes: 1024 * 1024 },
  // Node takes 16 KiB of headers, and a text grows when it is written into an address.
  GET: { ask: byGet, maxBytes: 4_000 },
  'a WebSocket': { ask: bySocket, maxBytes: 250_000 },
  'an event stream': { ask: byEventStream, maxBytes: 1024 * 1024 },
};

const MAX_CPU_MS = 1_500;
const MAX_REFUSAL_BYTES = 5_000;

/**
 * The contract of every hostile row: a refusal is 4xx with a code, short, cheap, and tells nothing of what is inside;
 * the next normal request is answered. Work is counted in CPU time, which a busy machine does not stretch.
 */
export async function expectRefused(
  at: TestGateway,
  send: () => Promise<Reply>,
  { status, codes }: { status: readonly number[]; codes: readonly string[] },
): Promise<void> {
  const before = process.cpuUsage();
  const reply = await send();
  const { user, system } = process.cpuUsage(before);
  expect({ status: reply.status, codes: reply.codes }).toEqual({
    status: reply.status === null ? null : expect.toBeOneOf([...status]),
    codes: reply.codes.length === 0 && reply.text === '' ? [] : reply.codes.map(() => expect.toBeOneOf([...codes])),
  });
  if (reply.text !== '') expect(reply.codes.length).toBeGreaterThan(0);
  expect(reply.body?.data ?? null).toBeNull();
  expect(reply.text.length).toBeLessThan(MAX_REFUSAL_BYTES);
  expect(reply.text).not.toMatch(/Did you mean|call stack|stacktrace|node_modules|ECONN|at Object\./);
  expect((user + system) / 1_000).toBeLessThan(MAX_CPU_MS);
  await expectWell(at);
}

/** The next normal request is answered as ever. */
export async function expectWell(at: TestGateway): Promise<void> {
  const reply = await posted(at, { query: '{ __typename }' });
  expect([reply.status, reply.body]).toEqual([200, { data: { __typename: 'Query' } }]);
}
