import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recordProcess, stopLeftover } from '../server/leftover.ts';
import { onPort } from '../server/on-port.ts';
import {
  interruptible,
  type Outage,
  type ServerProcess,
  startServerProcess,
  STOP_GRACE_MS,
} from '../server/server-process.ts';
import { StoreStartError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';
import { findPostgresBinaries } from './binaries.ts';
import { clusterFolder, prepareCluster, SUPERUSER } from './cluster.ts';
import { assertReachable, chooseRunAs, giveTo, type RunAs } from './run-as.ts';

const NAME = 'PostgreSQL';
// Recovery after a kill replays the log; a small machine may need a while for it.
const READY_TIMEOUT_MS = 60_000;
const ATTEMPTS = 5;
// When a server was killed, the processes it had started for its clients take a moment to notice.
const LAST_ONE_STILL_LEAVING = /pre-existing shared memory block|lock file "postmaster.pid" already exists/;
const LEAVING_MS = 300;
// SIGINT is PostgreSQL's "fast shutdown". SIGTERM would wait for every client to leave first.
const STOP_SIGNAL = 'SIGINT';
// And SIGQUIT its "immediate" one: no checkpoint, clients cut off, recovery at the next start.
const OUTAGE_SIGNAL = 'SIGQUIT';

export interface PostgresOptions {
  readonly dataDir: string;
  /** 0 or nothing: any free port. */
  readonly port?: number;
  /** False trades safety against power loss for speed. For tests only. */
  readonly durable?: boolean;
  readonly log: StoreLog;
}

export interface RunningPostgres {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /** How the server was kept from running as root. */
  readonly runAs: RunAs['kind'];
  readonly superuserUrl: string;
  readonly outage: Outage;
  stop(): Promise<void>;
}

/** The real PostgreSQL, on 127.0.0.1 only, with its files in `dataDir`. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { durable = true, log } = options;
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const binaries = findPostgresBinaries();
  const cluster = clusterFolder(dataDir);
  const runAs = chooseRunAs(cluster, log);
  const recordFile = join(dataDir, 'process.json');
  adoptPostmasterPid(cluster, recordFile);
  await stopLeftover(NAME, recordFile, { stopSignal: STOP_SIGNAL, graceMs: STOP_GRACE_MS, log });
  giveTo(runAs, [dataDir]);
  assertReachable(runAs, [dataDir, binaries.postgres]);
  const password = await prepareCluster({ dataDir, binaries, runAs, durable, log });

  const launch = { cluster, dataDir, recordFile, runAs, durable, log, postgres: binaries.postgres };
  return await onPort(NAME, options.port, async (port) => {
    const start = () => listening(launch, port);
    const server = interruptible(await start(), { signal: OUTAGE_SIGNAL, start });
    return {
      port,
      get pid() {
        return server.pid;
      },
      outage: server.outage,
      version: binaries.version,
      runAs: runAs.kind,
      superuserUrl: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
      stop: () => server.stop(),
    };
  });
}

interface Launch {
  cluster: string;
  dataDir: string;
  recordFile: string;
  runAs: RunAs;
  durable: boolean;
  postgres: string;
  log: StoreLog;
}

async function listening(launch: Launch, port: number): Promise<ServerProcess> {
  const { runAs } = launch;
  for (let attempt = 1; ; attempt += 1) {
    const server = await startServerProcess({
      name: NAME,
      ...runAs.wrap(launch.postgres, ['-D', launch.cluster, ...settings(port, launch.durable)]),
      ...(runAs.uid === undefined ? {} : { uid: runAs.uid }),
      ...(runAs.gid === undefined ? {} : { gid: runAs.gid }),
      env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' },
      logFile: join(launch.dataDir, 'postgres.log'),
      recordFile: launch.recordFile,
      stopSignal: STOP_SIGNAL,
      log: launch.log,
    });
    try {
      await server.ready(() => isReady(launch.cluster, server.pid), READY_TIMEOUT_MS);
      return server;
    } catch (error) {
      await server.stop();
      const isLeaving = error instanceof StoreStartError && LAST_ONE_STILL_LEAVING.test(error.message);
      if (!isLeaving || attempt === ATTEMPTS) throw error;
      await delay(LEAVING_MS);
    }
  }
}

function settings(port: number, durable: boolean): string[] {
  const values: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: durable ? '128MB' : '32MB',
    work_mem: '8MB',
    maintenance_work_mem: '64MB',
    effective_cache_size: '1GB',
    max_wal_size: '512MB',
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Errors of statements are told to the client, who logs them; here they would fill the disk.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    // A client that hangs inside a transaction would hold its locks for ever.
    idle_in_transaction_session_timeout: '5min',
    ...(durable
      ? { fsync: 'on', synchronous_commit: 'on' }
      : {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          autovacuum_naptime: '10min',
        }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** The server writes its state into the eighth line of its pid file. */
function isReady(cluster: string, pid: number): boolean {
  const lines = postmasterPid(cluster);
  return Number(lines[0]) === pid && (lines[7] ?? '').trim() === 'ready';
}

/** A launcher killed before it could leave a record: the server's own pid file still names it. */
function adoptPostmasterPid(cluster: string, recordFile: string): void {
  const pid = Number(postmasterPid(cluster)[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    // PostgreSQL works from its data folder, which tells it from a stranger who was given the same number.
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(cluster)) recordProcess(recordFile, pid);
  } catch {
    // No such process: PostgreSQL clears the stale file itself.
  }
}

function postmasterPid(cluster: string): string[] {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
