import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PortInUseError, StoreUnavailableError } from '../store-errors.ts';

const HOST = '127.0.0.1';

/**
 * Below what Linux (32768), macOS and Windows (49152) hand out to connections: a server that is killed and comes back on its port
 * must not find a connection of somebody else's there.
 */
const PORTS = { first: 20_000, last: 32_000 };
/** Each process looks from a place of its own, so that those that start together seldom want the same. */
let next = randomInt(PORTS.first, PORTS.last);

/** A port nobody listens on now. Somebody may take it before we do, so the caller tries again when that happens. */
export async function freePort(): Promise<number> {
  for (let looked = PORTS.first; looked <= PORTS.last; looked += 1) {
    const port = next;
    next = port === PORTS.last ? PORTS.first : port + 1;
    try {
      return await listenOnce(port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    }
  }
  return await listenOnce(0);
}

/** Fails with the name of the store when the port it was given is taken. */
export async function assertPortFree(store: string, port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StoreUnavailableError(store, `${port} is not a port for ${store}: give a number from 0 to 65535.`);
  }
  try {
    await listenOnce(port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new PortInUseError(store, port);
    if (code === 'EACCES') {
      throw new StoreUnavailableError(
        store,
        `This user may not listen on port ${port}, wanted for ${store}: choose a port above 1023.`,
        { cause: error },
      );
    }
    throw error;
  }
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer();
  return await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
