import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../src/redis/redis.ts';
import { silentLog as log } from '../src/testing/testing.ts';

const ANSWER_MS = 100;
const LATE_MS = 3 * ANSWER_MS;

/** A Redis that takes its time while somebody connects, and then answers nothing any more. */
async function aLateRedis(): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      // Each command of a handshake is an array of bulk strings.
      for (const [, name] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        if (name === 'get') continue;
        const facts = 'redis_version:7.0.15\r\nloading:0\r\n';
        const answer = name === 'info' ? `$${facts.length}\r\n${facts}\r\n` : '+OK\r\n';
        setTimeout(() => socket.write(answer), LATE_MS);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a process that starts may hear later than a request may wait, and a request does not wait longer for that', async () => {
  const redis = await connectRedis(await aLateRedis(), {
    log,
    name: 'test',
    options: { commandTimeout: ANSWER_MS, maxRetriesPerRequest: 0 },
  });
  onTestFinished(() => redis.disconnect());
  await expect(redis.get('anything')).rejects.toThrow('Command timed out');
});
