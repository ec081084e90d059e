import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
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

it('R27 a request on a connection from before the stop is answered, and a new connection is not taken', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (port: number) =>
    new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
  const running = await listen(
    createServer((_, response) => response.end('ok')),
    { host: '127.0.0.1', port: 0, lingerMs: 1_000 },
  );
  try {
    expect(await ask(running.port)).toBe('ok');
    const stopped = running.stop();
    expect(await ask(running.port)).toBe('ok');
    await expect(fetch(running.url)).rejects.toThrow('fetch failed');
    await stopped;
    await expect(fetch(running.url)).rejects.toThrow('fetch failed');
  } finally {
    agent.destroy();
  }
});
