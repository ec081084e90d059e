import { PortInUseError, StoreStartError } from '../store-errors.ts';
import { assertPortFree, freePort } from './free-port.ts';

const ATTEMPTS = 5;
const PORT_TAKEN = /address already in use|EADDRINUSE/i;

/**
 * Starts a server on the wanted port, or on a free one. A free port may be taken between the moment we looked and the
 * moment the server binds it, so then another is tried; a port somebody asked for is not exchanged.
 */
export async function onPort<Server>(
  store: string,
  wanted: number | undefined,
  start: (port: number) => Promise<Server>,
): Promise<Server> {
  if (wanted !== undefined && wanted !== 0) await assertPortFree(store, wanted);
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted || (await freePort());
    try {
      return await start(port);
    } catch (error) {
      if (!(error instanceof StoreStartError && PORT_TAKEN.test(error.message))) throw error;
      if (wanted || attempt === ATTEMPTS) throw new PortInUseError(store, port);
    }
  }
}

/** For a server inside this process, which takes 0 for any free port by itself. */
export async function onGivenPort<Server>(
  store: string,
  wanted: number | undefined,
  start: (port: number) => Promise<Server>,
): Promise<Server> {
  if (wanted !== undefined && wanted !== 0) await assertPortFree(store, wanted);
  return await start(wanted ?? 0);
}
