import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';
import { StoreUnavailableError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';

/** PostgreSQL refuses to run as root; this is how it is run all the same. */
export interface RunAs {
  readonly kind: 'plain' | 'unshare' | 'user';
  readonly uid?: number;
  readonly gid?: number;
  wrap(command: string, args: readonly string[]): { command: string; args: string[] };
}

const UNSHARE_ARGS = ['--user', '--map-user=1000', '--map-group=1000', '--'];
const SYSTEM_USER = 'postgres';

const plain: RunAs = { kind: 'plain', wrap: (command, args) => ({ command, args: [...args] }) };

// In a user namespace of its own the server sees an ordinary user, while files still belong to the one who started
// it. It needs no account on the machine and works inside a home folder that is closed to others.
const unshare: RunAs = {
  kind: 'unshare',
  wrap: (command, args) => ({ command: 'unshare', args: [...UNSHARE_ARGS, command, ...args] }),
};

const asUser = (uid: number, gid: number): RunAs => ({ ...plain, kind: 'user', uid, gid });

export function chooseRunAs(clusterDir: string, log: StoreLog, uid = process.getuid?.()): RunAs {
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (uid !== 0) {
    if (owner && owner.uid !== uid) throw foreignFolder(clusterDir, owner.uid);
    return plain;
  }
  // An existing cluster only opens for the user who owns it.
  if (owner && owner.uid !== 0) return asUser(owner.uid, owner.gid);
  if (spawnSync('unshare', [...UNSHARE_ARGS, 'true'], { stdio: 'ignore', timeout: 5000 }).status === 0) return unshare;
  if (owner) throw foreignFolder(clusterDir, owner.uid);
  const account = findAccount() ?? createAccount(log);
  log.warn(`PostgreSQL: running as user ${SYSTEM_USER} (${account.uid}), who will own its part of the data folder`);
  return asUser(account.uid, account.gid);
}

/** Fails when the user the server runs as cannot get at its files, as in a home folder closed to others. */
export function assertReachable(runAs: RunAs, paths: readonly string[]): void {
  const { uid, gid } = runAs;
  if (uid === undefined || gid === undefined) return;
  const closed = paths.find((path) => spawnSync('test', ['-r', path], { uid, gid, timeout: 5000 }).status !== 0);
  if (closed === undefined) return;
  throw new StoreUnavailableError(
    'PostgreSQL',
    `PostgreSQL does not run as root, and user ${uid} cannot read ${closed}: start as an ordinary user, or put the ` +
      `checkout and DATA_DIR where everybody may read.`,
  );
}

/** Hands files of ours to the user the server runs as. */
export function giveTo(runAs: RunAs, paths: readonly string[]): void {
  const { uid, gid } = runAs;
  if (uid === undefined || gid === undefined) return;
  for (const path of paths) chownSync(path, uid, gid);
}

function findAccount(): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${SYSTEM_USER}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function createAccount(log: StoreLog): { uid: number; gid: number } {
  log.warn(`PostgreSQL does not run as root: creating the system user ${SYSTEM_USER} for it`);
  const created = spawnSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', SYSTEM_USER],
    { encoding: 'utf8', timeout: 10_000 },
  );
  const account = findAccount();
  if (account) return account;
  throw new StoreUnavailableError(
    'PostgreSQL',
    `PostgreSQL does not run as root, and a user for it could not be created: start as an ordinary user.`,
    { cause: created.error ?? created.stderr },
  );
}

function foreignFolder(folder: string, uid: number): StoreUnavailableError {
  return new StoreUnavailableError(
    'PostgreSQL',
    `${folder} belongs to user ${uid}, and this user cannot open it: start as that user, or set DATA_DIR to another folder.`,
  );
}
