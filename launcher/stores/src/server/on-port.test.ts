import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { PortInUseError, StoreStartError, StoreUnavailableError } from '../store-errors.ts';
import { onPort } from './on-port.ts';

async function aTakenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return address.port;
}

test('a port in use is named, with the store that wanted it, before anything is started', async () => {
  const port = await aTakenPort();
  let starts = 0;
  const failure: unknown = await onPort('Redis', port, async () => (starts += 1)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PortInUseError);
  expect((failure as Error).message).toMatch(new RegExp(`Port ${port}, wanted for Redis, is already in use: stop .*`));
  expect(starts).toBe(0);
});

test('a free port lost to another program is exchanged for another', async () => {
  const tried: number[] = [];
  const port = await onPort('Redis', 0, async (port) => {
    tried.push(port);
    if (tried.length < 3) throw new StoreStartError('Redis', 'bind: Address already in use');
    return port;
  });
  expect(tried).toHaveLength(3);
  expect(port).toBe(tried[2]);
});

test('a port that is always taken is given up after a few tries', async () => {
  let tries = 0;
  const never = onPort('Redis', 0, async () => {
    tries += 1;
    throw new StoreStartError('Redis', 'listen EADDRINUSE');
  });
  await expect(never).rejects.toThrow(PortInUseError);
  expect(tries).toBe(5);
});

test('another failure is not mistaken for a taken port', async () => {
  const failing = onPort('Redis', 0, async () => {
    throw new StoreStartError('Redis', 'out of memory');
  });
  await expect(failing).rejects.toThrow('out of memory');
});

test.each([-1, 65_536, 1.5, Number.NaN])('%d is not a port', async (port) => {
  await expect(onPort('Redis', port, async (given) => given)).rejects.toThrow(StoreUnavailableError);
});
