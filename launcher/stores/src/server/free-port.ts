import { createServer } from 'node:net';
import { PortInUseError, StoreUnavailableError } from '../store-errors.ts';

const HOST = '127.0.0.1';

/** A port nobody listens on now. Somebody may take it before we do, so the caller tries again when that happens. */
export async function freePort(): Promise<number> {
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
