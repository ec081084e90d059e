import type { EventEmitter } from 'node:events';
import type { Metrics } from '../telemetry/telemetry.ts';

/** What the driver's pool tells of itself. */
export interface WatchedPool extends EventEmitter {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** How many connections are in use, how many wait for one, and for how long one is held at a time. */
export function watchPool(pool: WatchedPool, { database, metrics }: { database: string; metrics: Metrics }): void {
  const labels = ['database'];
  metrics.gauge({ name: 'db_pool_in_use', help: 'Connections somebody works with.', labels }, () => [
    [[database], pool.totalCount - pool.idleCount],
  ]);
  metrics.gauge({ name: 'db_pool_waiting', help: 'Who waits for a free connection.', labels }, () => [
    [[database], pool.waitingCount],
  ]);
  const seconds = metrics
    .histogram({ name: 'db_connection_hold_seconds', help: 'How long a connection is held at a time.', labels })
    .of(database);
  const takenAt = new WeakMap<object, number>();
  pool.on('acquire', (client: object) => takenAt.set(client, performance.now()));
  pool.on('release', (_: unknown, client: object) => {
    const at = takenAt.get(client);
    if (at !== undefined) seconds.observe((performance.now() - at) / 1_000);
    takenAt.delete(client);
  });
}
