import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DataFolderVersionError, StoreStartError, StoreUnavailableError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';
import type { PostgresBinaries } from './binaries.ts';
import { giveTo, type RunAs } from './run-as.ts';

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
    return readPassword(dataDir);
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
  sweepUnfinished(dataDir);
  const building = mkdtempSync(join(dataDir, UNFINISHED));
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile(dataDir), password, { mode: 0o600 });
  chmodSync(passwordFile(dataDir), 0o600);
  giveTo(runAs, [building, passwordFile(dataDir)]);
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

const UNFINISHED = 'cluster.new.';

// The initdb of a killed run may still be writing: its folder is its own, and what cannot be removed now is next time.
function sweepUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(UNFINISHED))) {
    try {
      rmSync(join(dataDir, name), { recursive: true, force: true });
    } catch {
      continue;
    }
  }
}

function readPassword(dataDir: string): string {
  try {
    return readFileSync(passwordFile(dataDir), 'utf8').trim();
  } catch (cause) {
    throw new StoreUnavailableError(
      'PostgreSQL',
      `The password of the data in ${dataDir} is missing (superuser-password): put it back, or start with --fresh.`,
      { cause },
    );
  }
}
