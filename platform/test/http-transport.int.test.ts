import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anonymous } from '../src/graphql/viewer.ts';
import { httpTransport } from '../src/serve/http-transport.ts';
import { generateServiceKey, internalTokenSigner, internalTokenVerifier } from '../src/serve/internal-token.ts';
import { SubgraphUnavailableError, type SubgraphTransport } from '../src/serve/transport.ts';
import { aUser } from '../src/testing/testing.ts';

interface Asked {
  url: string;
  headers: IncomingMessage['headers'];
  body: { query: string; variables?: Record<string, unknown> };
}

let server: Server;
let transport: SubgraphTransport;
let asked: Asked[];
let sockets: Set<Socket>;
let verify: Awaited<ReturnType<typeof internalTokenVerifier>>;
let answer: (request: Asked, response: ServerResponse, socket: Socket) => void;

const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

beforeEach(async () => {
  asked = [];
  sockets = new Set();
  answer = (_, response) => json(response, { data: { ok: true } });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { url = '', headers } = request;
      const one = { url, headers, body: JSON.parse(text) as Asked['body'] };
      asked.push(one);
      answer(one, response, request.socket);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { privateJwk, publicJwk } = await generateServiceKey('gateway');
  verify = await internalTokenVerifier('shop', { keys: [publicJwk] });
  transport = httpTransport({
    urls: { shop: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    signer: await internalTokenSigner(privateJwk),
    connections: 2,
  });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await transport.close();
});

const ask = (query = '{ ok }', wishes: { timeoutMs?: number; variables?: Record<string, unknown> } = {}) =>
  transport.execute('shop', {
    query,
    variables: wishes.variables,
    viewer: anonymous,
    requestId: 'request-1',
    traceparent: '00-a-b-01',
    deadlineAt: Date.now() + (wishes.timeoutMs ?? 5_000),
  });
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof SubgraphUnavailableError ? error.reason : error),
  );

describe('a call over HTTP', () => {
  it('carries the operation, the viewer, the request and its deadline', async () => {
    const viewer = aUser({ memberships: [{ of: 'vnd_1', role: 'OWNER' }] });
    const query = 'query A($s: String) { a(s: $s) }';
    const variables = { s: 'quote " and \u2028 and \ud83d\ude00', none: undefined };
    const deadlineAt = Date.now() + 4_000;
    await transport.execute('shop', {
      query,
      operationName: 'A',
      variables,
      viewer,
      requestId: 'request-2',
      traceparent: 'tp',
      deadlineAt,
    });
    await transport.executeEvent('shop', {
      query: 'subscription { b }',
      viewer,
      requestId: 'request-3',
      event: { kind: 'SNAPSHOT', cursor: 'c', occurredAt: 'now' },
    });
    expect(asked.map(({ url, body }) => ({ url, body }))).toEqual([
      { url: '/graphql', body: { query, operationName: 'A', variables: { s: variables.s } } },
      {
        url: '/events',
        body: { query: 'subscription { b }', event: { kind: 'SNAPSHOT', cursor: 'c', occurredAt: 'now' } },
      },
    ]);
    const [{ headers }] = asked as [Asked];
    expect(headers).toMatchObject({
      'x-request-id': 'request-2',
      traceparent: 'tp',
      'content-type': 'application/json',
    });
    expect(Math.abs(Number(headers['x-deadline-at']) - deadlineAt)).toBeLessThan(50);
    expect(await verify(headers.authorization!.slice('Bearer '.length))).toEqual(viewer);
  });

  it('uses one token for calls of one viewer, and another for another', async () => {
    await ask();
    await ask();
    await transport.execute('shop', { query: '{ a }', viewer: aUser(), requestId: 'r' });
    const [first, second, third] = asked.map(({ headers }) => headers.authorization);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });

  it('reads an answer in many pieces, what is beside the data, and errors with their codes', async () => {
    const text = JSON.stringify({ data: { long: '€'.repeat(200_000) }, extensions: { shows: { sequence: 3 } } });
    answer = (_, response) => {
      const bytes = Buffer.from(text);
      response.writeHead(200);
      // Cut inside a character.
      for (let at = 0; at < bytes.length; at += 10_001) response.write(bytes.subarray(at, at + 10_001));
      response.end();
    };
    expect(await ask()).toEqual(JSON.parse(text));
    answer = (_, response) =>
      json(response, { data: null, errors: [{ message: 'no', path: ['a'], extensions: { code: 'FORBIDDEN' } }] });
    expect((await ask()).errors?.[0]).toMatchObject({ message: 'no', path: ['a'], extensions: { code: 'FORBIDDEN' } });
  });
});

describe('a subgraph that cannot be reached', () => {
  it('R24 is given up at the deadline, also while waiting for a socket, and is served again after', async () => {
    const silent: ServerResponse[] = [];
    answer = (_, response) => void silent.push(response);
    const waiting = [
      ask('{ a }', { timeoutMs: 300 }),
      ask('{ b }', { timeoutMs: 300 }),
      // Over before a socket is free again, whoever's timer is late.
      ask('{ c }', { timeoutMs: 150 }),
    ];
    expect(await Promise.all(waiting.map(reasonOf))).toEqual(['timeout', 'timeout', 'timeout']);
    // A third socket is not opened: two is the limit of this transport.
    expect(asked.length).toBe(2);
    answer = (_, response) => json(response, { data: { ok: true } });
    expect(await ask()).toEqual({ data: { ok: true } });
    expect(asked.map(({ body }) => body.query)).not.toContain('{ c }');
  });

  it('is given up when the body never ends', async () => {
    answer = (_, response) => {
      response.writeHead(200).write('{"data":');
    };
    expect(await reasonOf(ask('{ a }', { timeoutMs: 300 }))).toBe('timeout');
  });

  it('asks once more for a read whose socket was just closed by the other side', async () => {
    await ask();
    let cuts = 1;
    answer = (_, response, socket) => {
      if (cuts > 0) {
        cuts -= 1;
        socket.destroy();
      } else json(response, { data: { ok: 2 } });
    };
    expect(await ask('query Q { ok }')).toEqual({ data: { ok: 2 } });
    expect(asked.length).toBe(3);
    cuts = 5;
    asked.length = 0;
    expect(await reasonOf(ask())).toBe('unreachable');
    expect(asked.length).toBe(2);
  });

  it('survives idle sockets that the server let go, G8', async () => {
    await Promise.all([ask(), ask()]);
    for (const socket of sockets) socket.destroy();
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array(3).fill({ data: { ok: true } }));
  });

  it('never asks twice for a mutation', async () => {
    answer = (_, __, socket) => void socket.destroy();
    expect(await reasonOf(ask('mutation { pay }'))).toBe('unreachable');
    expect(asked.length).toBe(1);
  });

  it.each([
    [401, 'refused'],
    [413, 'refused'],
    [500, 'refused'],
    [502, 'unreachable'],
    [503, 'unreachable'],
  ])('%i reads as %s', async (status, reason) => {
    answer = (_, response) => json(response, {}, status);
    expect(await reasonOf(ask())).toBe(reason);
  });

  it('R26 not there at all, then there, without a new transport', async () => {
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await reasonOf(ask())).toBe('unreachable');
    server.listen(port, '127.0.0.1');
    await vi.waitFor(async () => expect(await ask()).toEqual({ data: { ok: true } }));
    expect(await reasonOf(transport.execute('other', { query: '{ a }', viewer: anonymous, requestId: 'r' }))).toBe(
      'unreachable',
    );
  });

  it('answers that are not JSON are no answers', async () => {
    answer = (_, response) => void response.writeHead(200).end('<html>');
    expect(await reasonOf(ask())).toBe('unreachable');
  });
});

describe('copies of a subgraph', () => {
  /** Answers with its name; may die with the calls it has. */
  async function aCopy(name: string) {
    const seen: string[] = [];
    const held: ServerResponse[] = [];
    const state = { leaves: false, holds: false, ready: true };
    const copy = createServer((request, response) => {
      if (request.url === '/ready') return json(response, { ready: state.ready, checks: {} }, state.ready ? 200 : 503);
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        seen.push((JSON.parse(text) as Asked['body']).query);
        if (state.leaves) response.setHeader('connection', 'close');
        if (state.holds) held.push(response);
        else json(response, { data: { from: name } });
      });
      return undefined;
    });
    await new Promise<void>((resolve) => copy.listen(0, '127.0.0.1', resolve));
    const { port } = copy.address() as AddressInfo;
    return {
      seen,
      held,
      state,
      url: `http://127.0.0.1:${port}`,
      async die() {
        copy.closeAllConnections();
        if (copy.listening) await new Promise((resolve) => copy.close(resolve));
      },
      restart: () => new Promise<void>((resolve) => copy.listen(port, '127.0.0.1', resolve)),
    };
  }

  let one: Awaited<ReturnType<typeof aCopy>>;
  let two: Awaited<ReturnType<typeof aCopy>>;
  let both: SubgraphTransport;

  beforeEach(async () => {
    [one, two] = [await aCopy('one'), await aCopy('two')];
    const { privateJwk } = await generateServiceKey('gateway');
    both = httpTransport({ urls: { shop: [one.url, two.url] }, signer: await internalTokenSigner(privateJwk) });
  });
  afterEach(async () => {
    await both.close();
    await Promise.all([one.die(), two.die()]);
  });
  const askThem = (query = '{ from }', timeoutMs = 5_000) =>
    both.execute('shop', { query, viewer: anonymous, requestId: 'r', deadlineAt: Date.now() + timeoutMs });
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error as SubgraphUnavailableError,
    );

  it('share the work', async () => {
    for (let n = 0; n < 20; n += 1) await askThem();
    expect([one.seen.length, two.seen.length]).toEqual([10, 10]);
  });

  it('the one that does not get on is asked less', async () => {
    one.state.holds = true;
    const asked = Array.from({ length: 4 }, () => askThem());
    await vi.waitFor(() => expect(one.held.length).toBe(2));
    for (let n = 0; n < 20; n += 1) await askThem();
    expect(one.seen.length).toBe(2);
    for (const response of one.held) json(response, { data: null });
    await Promise.all(asked);
  });

  it('when one is not there the other answers queries and mutations alike, and it is asked again once it is back', async () => {
    await one.die();
    for (const query of ['{ from }', 'mutation { buy }', '{ from }', 'mutation { pay }']) {
      expect(await askThem(query)).toEqual({ data: { from: 'two' } });
    }
    await one.restart();
    await vi.waitFor(async () => expect(await askThem()).toEqual({ data: { from: 'one' } }), 5_000);
  });

  it('R27 one that says with its answer that it is about to stop is not asked again, by mutations neither', async () => {
    one.state.leaves = true;
    const answers = [];
    for (let n = 0; n < 10; n += 1) answers.push(await askThem('mutation { buy }'));
    expect(answers.every(({ data }) => data)).toBe(true);
    expect(one.seen.length).toBeLessThanOrEqual(1);
    // Nobody else there: one that leaves is better than none.
    await two.die();
    expect(await askThem()).toEqual({ data: { from: 'one' } });
  });

  it('when one dies with its calls, reads are asked of the other; of a mutation nobody knows, and it is not repeated', async () => {
    one.state.holds = two.state.holds = true;
    const reads = [askThem(), askThem()];
    const buys = [failureOf(askThem('mutation { buy }')), failureOf(askThem('mutation { buy }'))];
    await vi.waitFor(() => expect(one.held.length + two.held.length).toBe(4));
    two.state.holds = false;
    for (const response of two.held) json(response, { data: { from: 'two' } });
    await one.die();
    expect(await Promise.all(reads)).toEqual([{ data: { from: 'two' } }, { data: { from: 'two' } }]);
    const [lost, ...more] = (await Promise.all(buys)).filter((failure) => failure !== undefined);
    expect(more).toEqual([]);
    expect(lost).toMatchObject({ reason: 'unreachable', isServed: true, wasSent: true });
    expect([...one.seen, ...two.seen].filter((query) => query.startsWith('mutation')).length).toBe(2);
  });

  it('none of them there is the subgraph not there', async () => {
    await Promise.all([one.die(), two.die()]);
    const nobody = { reason: 'unreachable', isServed: false, wasSent: false };
    expect(await failureOf(askThem())).toMatchObject(nobody);
    expect(await failureOf(askThem('mutation { buy }'))).toMatchObject(nobody);
  });

  it('are ready when one of them is', async () => {
    one.state.ready = false;
    for (let n = 0; n < 4; n += 1) expect((await both.readiness('shop')).ready).toBe(true);
    await two.die();
    expect((await both.readiness('shop')).ready).toBe(false);
  });
});

describe('a token that was found good', () => {
  it('is good again for its subgraph, and never longer than it lives', async () => {
    const { privateJwk, publicJwk } = await generateServiceKey('gateway');
    const signer = await internalTokenSigner(privateJwk);
    const check = await internalTokenVerifier('shop', { keys: [publicJwk] });
    const viewer = aUser();
    const token = await signer.tokenFor('shop', viewer);
    expect([await check(token), await check(token)]).toEqual([viewer, viewer]);
    expect(await check(await signer.tokenFor('catalog', viewer))).toBeNull();
    expect(await check(`${token.slice(0, -4)}AAAA`)).toBeNull();
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    try {
      vi.advanceTimersByTime(66_000);
      expect(await check(token)).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });
});
