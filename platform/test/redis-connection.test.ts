import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { closeRedis, connectRedis } from '../src/redis/redis.ts';
import { silentLog as log, until } from '../src/testing/testing.ts';

const ANSWER_MS = 100;
const LATE_MS = 3 * ANSWER_MS;

/** A Redis that greets who connects, and then answers nothing any more. */
function aSilentRedis({ greetsAfterMs = 0 } = {}) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      // Each command of a handshake is an array of bulk strings.
      for (const [, name] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        if (name === 'get') continue;
        const facts = 'redis_version:7.0.15\r\nloading:0\r\n';
        const answer = name === 'info' ? `$${facts.length}\r\n${facts}\r\n` : '+OK\r\n';
        setTimeout(() => socket.write(answer), greetsAfterMs);
      }
    });
  });
  let port = 0;
  const goAway = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(() => goAway());
  return {
    async listen(): Promise<string> {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
      return `redis://127.0.0.1:${port}`;
    },
    goAway,
  };
}

test('a process that starts may hear later than a request may wait, and a request does not wait longer for that', async () => {
  const redis = await connectRedis(await aSilentRedis({ greetsAfterMs: LATE_MS }).listen(), {
    log,
    name: 'test',
    options: { commandTimeout: ANSWER_MS, maxRetriesPerRequest: 0 },
  });
  onTestFinished(() => redis.disconnect());
  await expect(redis.get('anything')).rejects.toThrow('Command timed out');
});

describe('who closes a connection', () => {
  it('rejects what was asked and not answered', async () => {
    const redis = await connectRedis(await aSilentRedis().listen(), { log, name: 'test' });
    const asked = redis.get('anything');
    await closeRedis(redis);
    await expect(asked).rejects.toThrow('Connection is closed');
  });

  it.each([
    ['was asked before the server', 'went away', 1],
    ['was asked before the server', 'could not be reached again', 2],
    ['is to be asked of the server', 'went away', 1],
    ['is to be asked of the server', 'could not be reached again', 2],
    ['is to be asked of the server', 'came back', 1],
  ])('rejects what %s %s', async (what, how, tries) => {
    const server = aSilentRedis();
    const redis = await connectRedis(await server.listen(), { log, name: 'test' });
    const asked = what.includes('before') ? [redis.get('anything')] : [];
    let pauses = 0;
    redis.on('reconnecting', () => (pauses += 1));
    await server.goAway();
    await until(() => pauses === tries, { intervalMs: 1 });
    asked.push(redis.get('something'));
    if (how === 'came back') await server.listen();
    const refused = asked.map((answer) => expect(answer).rejects.toThrow('Connection is closed'));
    await closeRedis(redis);
    await Promise.all(refused);
    await until(() => redis.status === 'end', { what: 'the end of the connection' });
  });
});
