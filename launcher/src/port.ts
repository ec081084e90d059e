import { createServer } from 'node:net';
import type { Environment } from '@marketgraph/platform/config';
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

/** `METRICS_PORT`; undefined: nobody wants to see metrics. */
export function metricsPort(env: Environment): number | undefined {
  const setting = env['METRICS_PORT'];
  if (!setting) return undefined;
  const port = Number(setting);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`METRICS_PORT must be a number from 0 to 65535, not "${setting}".`);
  }
  return port;
}
