import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataFolderInUseError, DataFolderVersionError, StoreUnavailableError } from './store-errors.ts';

/** Raised when a newer launcher could not read what an older one wrote, or the other way round. */
export const DATA_FOLDER_VERSION = '1';

export interface DataFolder {
  readonly path: string;
  /** A folder below, made when missing. */
  sub(name: string): string;
  release(): void;
}

/** Takes the data folder for this process. Fails when another one has it, or when it is of another version. */
export function openDataFolder(dataDir: string): DataFolder {
  const path = resolve(dataDir);
  prepareFolder(path);
  const release = lock(path);
  try {
    checkVersion(path);
  } catch (error) {
    release();
    throw error;
  }
  return {
    path,
    sub(name) {
      const folder = join(path, name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    release,
  };
}

/** Removes what is in the data folder, whatever its version; never under a launcher that is running on it. */
export function emptyDataFolder(dataDir: string): void {
  const path = resolve(dataDir);
  if (!existsSync(path)) return;
  prepareFolder(path);
  const release = lock(path);
  try {
    for (const name of readdirSync(path)) {
      if (!name.startsWith(LOCK_FILE)) rmSync(join(path, name), { recursive: true, force: true });
    }
  } finally {
    release();
  }
}

// Others may pass through, since PostgreSQL may have to run as another user; every file of value below is closed.
function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o711 });
    accessSync(path, constants.W_OK | constants.X_OK);
    for (const file of [LOCK_FILE, PID_FILE, VERSION_FILE].map((name) => join(path, name))) {
      if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    }
  } catch (cause) {
    throw new StoreUnavailableError(
      'data folder',
      `This user cannot write to the data folder ${path} (${(cause as NodeJS.ErrnoException).code ?? 'error'}): ` +
        `start as the user it belongs to, or set DATA_DIR to another folder.`,
      { cause },
    );
  }
}

const LOCK_FILE = 'launcher.lock';
const PID_FILE = 'launcher.pid';
const VERSION_FILE = 'version';

// SQLite's lock is the kernel's: it goes with the process that holds it, however that one ends. A file with a pid in
// it would have to be judged stale, and two launchers judging at once could both be right.
function lock(path: string): () => void {
  const pidFile = join(path, PID_FILE);
  const database = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 });
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new DataFolderInUseError(path, readPid(pidFile));
    throw error;
  }
  writeFileSync(pidFile, String(process.pid));
  let held = true;
  return () => {
    if (held) database.close();
    held = false;
  };
}

const SQLITE_BUSY = 5;

function readPid(pidFile: string): number | undefined {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : Number.NaN;
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

const WRITTEN_BY_STORES = ['secrets.json', 'postgres', 'redis', 'mongodb', 'typesense', 'stripe'];

function checkVersion(path: string): void {
  const file = join(path, VERSION_FILE);
  if (existsSync(file)) {
    const found = readFileSync(file, 'utf8').trim();
    if (found !== DATA_FOLDER_VERSION) throw new DataFolderVersionError(path, found || 'unknown', DATA_FOLDER_VERSION);
    return;
  }
  // Data that does not say who wrote it is not a fresh start.
  if (WRITTEN_BY_STORES.some((name) => existsSync(join(path, name)))) {
    throw new DataFolderVersionError(path, 'unknown', DATA_FOLDER_VERSION);
  }
  writeFileSync(file, `${DATA_FOLDER_VERSION}\n`);
}
