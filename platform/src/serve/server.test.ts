import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { listen } from './server.ts';

/** Half of what a stop waits for requests in progress. */
const NOT_LONG_MS = 5_000;

it('a stop does not wait for connections that never asked anything', { timeout: NOT_LONG_MS }, async () => {
  const running = await listen(
    createServer((_, response) => response.end('ok')),
    { host: '127.0.0.1', port: 0 },
  );
  const ahead = connect(running.port, '127.0.0.1');
  await once(ahead, 'connect');
  expect(await (await fetch(running.url)).text()).toBe('ok');
  const [stopped] = await Promise.all([running.stop(), once(ahead, 'close')]);
  expect(stopped).toBeUndefined();
});
