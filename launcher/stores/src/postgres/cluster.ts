import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DataFolderVersionError, StoreStartError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';
import type { PostgresBinaries } from './binaries.ts';
import { giveFolder, type RunAs } from './run-as.ts';

const run = promisify(execFile);
const INITDB_TIMEOUT_MS = 120_000;

export const SUPERUSER = 'postgres';

export const clusterFolder = (dataDir: string): string => join(dataDir, 'cluster');
const passwordFile = (dataDir: string): string => join(dataDir, 'superuser-password');

/** Makes the cluster on the first run and returns the superuser's password. */
export async function prepareCluster(options: {
  dataDir: string;
  binaries: PostgresBinaries;
  runAs: RunAs;
  durable: boolean;
  log: StoreLog;
}): Promise<string> {
  const { dataDir, binaries } = options;
  const cluster = clusterFolder(dataDir);
  if (existsSync(cluster)) {
    const found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
    if (found !== binaries.major) {
      throw new DataFolderVersionError(cluster, `PostgreSQL ${found}`, `PostgreSQL ${binaries.major}`);
    }
    return readFileSync(passwordFile(dataDir), 'utf8').trim();
  }
  options.log.info('PostgreSQL: creating its data files');
  return await createCluster(options);
}

// The cluster is made beside its place and moved there whole, so a run killed half-way leaves nothing that looks ready.
async function createCluster(options: {
  dataDir: string;
  binaries: PostgresBinaries;
  runAs: RunAs;
  durable: boolean;
}): Promise<string> {
  const { dataDir, binaries, runAs } = options;
  const building = `${clusterFolder(dataDir)}.new`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile(dataDir), password, { mode: 0o600 });
  chmodSync(passwordFile(dataDir), 0o600);
  giveFolder(dataDir, runAs);
  const args = [
    `--pgdata=${building}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile(dataDir)}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: the same order on every machine, whatever locales it has.
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    // Small log files make a cluster that is copied for every test file a third smaller.
    ...(options.durable ? [] : ['--no-sync', '--wal-segsize=1']),
  ];
  const { command, args: wrapped } = runAs.wrap(binaries.initdb, args);
  try {
    await run(command, wrapped, {
      timeout: INITDB_TIMEOUT_MS,
      ...(runAs.uid === undefined ? {} : { uid: runAs.uid }),
      ...(runAs.gid === undefined ? {} : { gid: runAs.gid }),
    });
  } catch (cause) {
    rmSync(building, { recursive: true, force: true });
    const { stderr = '' } = cause as { stderr?: string };
    throw new StoreStartError('PostgreSQL', `PostgreSQL could not create its data files:\n${stderr.trim()}`, { cause });
  }
  renameSync(building, clusterFolder(dataDir));
  return password;
}
