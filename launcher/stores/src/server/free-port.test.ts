import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';

it('gives each port once, none that somebody listens on, and none that the system gives to connections', async () => {
  const first = await freePort();
  const taken = createServer().listen(first + 1, '127.0.0.1');
  await Promise.race([once(taken, 'listening'), once(taken, 'error')]);
  try {
    const others = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    expect(new Set([first, first + 1, ...others]).size).toBe(22);
    expect(others.every((port) => port < 32_768)).toBe(true);
  } finally {
    taken.close();
  }
});
