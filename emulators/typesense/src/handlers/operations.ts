import type { Route } from '../http/route.ts';
import type { ServerStats } from '../http/server.ts';

export const EMULATOR_VERSION = '30.0-emulator';

/** What tells whether the server is there and what it is. Health says that it is not the real one. */
export function operationRoutes(stats: ServerStats): readonly Route[] {
  return [
    { method: 'GET', path: '/health', open: true, handle: () => ({ json: { ok: true, emulator: true } }) },
    {
      method: 'GET',
      path: '/debug',
      parameters: [],
      handle: () => ({ json: { state: 1, version: EMULATOR_VERSION } }),
    },
    {
      method: 'GET',
      path: '/stats.json',
      parameters: [],
      handle: () => ({
        json: { emulator: true, pending_write_batches: 0, requests: stats.requests, errors: stats.errors },
      }),
    },
    {
      method: 'GET',
      path: '/metrics.json',
      parameters: [],
      handle() {
        const memory = process.memoryUsage();
        return {
          json: {
            emulator: true,
            typesense_memory_active_bytes: String(memory.rss),
            typesense_memory_allocated_bytes: String(memory.heapUsed + memory.external),
            typesense_memory_resident_bytes: String(memory.rss),
          },
        };
      },
    },
  ];
}
