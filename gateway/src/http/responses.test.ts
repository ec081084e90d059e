import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { noteHeaders, sendText, setNotedHeaders } from './responses.ts';

/** Names and values of what a server answers, as they were sent. */
async function answered(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const { date: _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

const note = (response: ServerResponse) => {
  noteHeaders(response, ['x-request-id', 'r-1', 'cache-control', 'private', 'x-content-type-options', 'nosniff']);
  noteHeaders(response, ['x-cache', 'hit']);
};

it('sends what was noted with the rest, each header once, what is said last', async () => {
  const { status, headers, text } = await answered((_, response) => {
    note(response);
    sendText(response, 429, 'Größe', { 'content-type': 'text/plain', 'x-cache': 'miss' });
  });
  expect({ status, text }).toEqual({ status: 429, text: 'Größe' });
  expect(headers).toMatchObject({
    ...{ 'x-request-id': 'r-1', 'x-cache': 'miss', 'cache-control': 'no-store', 'content-length': '7' },
    ...{ 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' },
  });
});

it('sends the same beside headers that were set, and when somebody set what was noted and then failed', async () => {
  const plain = await answered((_, response) => {
    note(response);
    sendText(response, 200, '{}', {});
  });
  const set = await answered((_, response) => {
    note(response);
    setNotedHeaders(response);
    sendText(response, 200, '{}', {});
  });
  expect(set).toEqual(plain);
  const beside = await answered((_, response) => {
    response.setHeader('x-other', '1');
    note(response);
    sendText(response, 200, '{}', {});
  });
  expect(beside.headers).toEqual({ ...plain.headers, 'x-other': '1' });
});

it('refuses a header that would be two', async () => {
  let error: unknown;
  await answered((_, response) => {
    noteHeaders(response, ['x-request-id', 'a\r\nset-cookie: b=1']);
    try {
      sendText(response, 200, '{}', {});
    } catch (cause) {
      error = cause;
      response.writeHead(500, { connection: 'close' }).end();
    }
  });
  expect(error).toMatchObject({ code: 'ERR_INVALID_CHAR' });
});
