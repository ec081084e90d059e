import { createServer } from 'node:net';
import { PortInUseError } from '@marketgraph/stores';

/** Rejects before anything is started when the public port is taken or is none. */
export async function checkPort(port: number, host: string): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`PORT must be a number from 0 to 65535, not "${process.env['PORT'] ?? port}".`);
  }
  if (port === 0) return;
  const server = createServer();
  await new Promise<void>((free, taken) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      taken(error.code === 'EADDRINUSE' ? new PortInUseError('the gateway (PORT)', port) : error);
    });
    server.listen(port, host, () => server.close(() => free()));
  });
}
