import type { KeptConnection } from '../checkout/databases.ts';
import { ownCpuMs } from './process-usage.ts';

/**
 * What PostgreSQL's processes for some databases have used so far, in
 * milliseconds, as often as it is asked: so that what one system on a server
 * does beside another can be told apart. What a process used between the last
 * look and its end is not in it.
 */
export function backendCpu(server: KeptConnection, databases: readonly string[]): () => Promise<number> {
  const seen = new Map<number, number>();
  let total = 0;
  return async () => {
    const backends = await server.rows<{ pid: number }>(
      'select pid from pg_stat_activity where datname = any($1) and pid <> pg_backend_pid()',
      [databases],
    );
    for (const { pid } of backends) {
      const used = usedBy(pid);
      if (used === undefined) continue;
      // The number of one that has ended may be given to another, which begins anew.
      const before = seen.get(pid) ?? 0;
      total += used >= before ? used - before : used;
      seen.set(pid, used);
    }
    return total;
  };
}

function usedBy(pid: number): number | undefined {
  try {
    return ownCpuMs(pid);
  } catch {
    // Its client left meanwhile.
    return undefined;
  }
}
