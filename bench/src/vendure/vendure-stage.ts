import { randomBytes } from 'node:crypto';
import { MONOLITH_FLAGS } from '@marketgraph/launcher/node-flags';
import { freePort } from '@marketgraph/stores';
import { until } from '@marketgraph/platform/testing';
import { inDatabase, keepConnected, withDatabase } from '../checkout/databases.ts';
import { backendCpu } from '../measure/backend-cpu.ts';
import { runForeign, startForeign } from '../measure/child.ts';
import type { CpuParts } from '../measure/cpu-parts.ts';
import { VENDURE_PEER } from '../measure/peers.ts';
import { familyCpuMs } from '../measure/process-usage.ts';
import type { VendureApis } from './vendure-shop.ts';

/** A started Vendure, server and worker, on a database of its own, and where to look while it works. */
export interface VendureStage extends VendureApis {
  databaseUrl: string;
  /** PostgreSQL is all of the server but what the neighbours' connections use. */
  read(): Promise<CpuParts>;
  /** Resolves when nothing is left in its job queue. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

export const VENDURE_DATABASE = 'vendure';

const PREPARE_LIMIT_MS = 120_000;
const QUIET_LIMIT_MS = 60_000;

export async function startVendure({
  superuserUrl,
  postgresPid,
  neighbours,
}: {
  superuserUrl: string;
  postgresPid: number;
  /** Databases of others on the same server. */
  neighbours: readonly string[];
}): Promise<VendureStage> {
  await withDatabase(superuserUrl, (client) => client.query(`create database ${VENDURE_DATABASE}`));
  const databaseUrl = inDatabase(superuserUrl, VENDURE_DATABASE);
  const password = randomBytes(16).toString('base64url');
  const run = async (role: 'prepare' | 'server' | 'worker') => {
    const port = await freePort();
    return {
      url: `http://127.0.0.1:${port}`,
      options: {
        // The flags of our own start command, which help Vendure as well.
        ...{ name: `Vendure (${role})`, cwd: VENDURE_PEER.folder, args: [...MONOLITH_FLAGS, 'server.js', role] },
        env: {
          ...{ PEER_DATABASE_URL: databaseUrl, PEER_PORT: String(port), PEER_PASSWORD: password },
          // It would report its use to its makers.
          VENDURE_DISABLE_TELEMETRY: 'true',
        },
      },
    };
  };
  const start = async (role: 'server' | 'worker') => {
    const { url, options } = await run(role);
    const child = await startForeign({ ...options, isReady: async () => (await fetch(`${url}/health`)).ok });
    return { url, ...child };
  };
  await runForeign({ ...(await run('prepare')).options, timeoutMs: PREPARE_LIMIT_MS });
  const server = await start('server');
  const worker = await start('worker').catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const nodes = [server.pid, worker.pid];
  const database = await keepConnected(databaseUrl);
  const ofNeighbours = backendCpu(database, neighbours);
  const waiting = `select count(*) as n from job_record where state in ('PENDING', 'RUNNING', 'RETRYING')`;
  return {
    shopApi: `${server.url}/shop-api`,
    adminApi: `${server.url}/admin-api`,
    password,
    databaseUrl,
    read: async () => ({
      node: nodes.reduce((sum, pid) => sum + familyCpuMs(pid), 0),
      postgres: familyCpuMs(postgresPid) - (await ofNeighbours()),
      redis: 0,
      emulators: 0,
    }),
    quiet: async () =>
      void (await until(async () => (await database.number(waiting)) === 0, {
        ...{ timeoutMs: QUIET_LIMIT_MS, intervalMs: 100, what: 'the job queue of Vendure to be empty' },
      })),
    async stop() {
      await database.end();
      await server.stop();
      await worker.stop();
    },
  };
}
