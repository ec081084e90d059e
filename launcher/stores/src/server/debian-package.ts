import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const STEP_TIMEOUT_MS = 180_000;
/** The C library must be the one the machine runs. */
const NEVER_UNPACKED = new Set(['libc6', 'libgcc-s1']);

export interface DebianProgram {
  /** What is wanted, whether it is installed or not. */
  readonly packages: readonly string[];
  /** Dependencies that are unpacked too where the machine lacks them. The rest sets up system services. */
  readonly followed: RegExp;
  /** More than this is a mistake in what is followed. */
  readonly maxPackages: number;
}

/**
 * Unpacks a program and the libraries this machine lacks into `folder`, without root and without installing
 * anything. apt checks the packages' signatures as it always does.
 */
export async function unpackDebianProgram(folder: string, program: DebianProgram): Promise<void> {
  const work = `${folder}.apt`;
  await mkdir(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  await mkdir(join(work, 'lists', 'partial'), { recursive: true });
  await mkdir(join(work, 'debs'), { recursive: true });
  try {
    try {
      // The machine's own package lists save a download of 19 MB, when they are there and recent enough.
      await download(work, [], program);
    } catch {
      const ownLists = [`-oDir::State::Lists=${join(work, 'lists')}`];
      await apt('apt-get', work, ownLists, ['update']);
      await download(work, ownLists, program);
    }
    await mkdir(`${folder}.new`, { recursive: true });
    for (const deb of await readdir(join(work, 'debs'))) {
      await run('dpkg-deb', ['-x', join(work, 'debs', deb), `${folder}.new`], { timeout: STEP_TIMEOUT_MS });
    }
    await rename(`${folder}.new`, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(`${folder}.new`, { recursive: true, force: true });
  }
}

/** The folders a program of the unpacked tree finds its libraries in. */
export async function libraryFolders(folder: string): Promise<string[]> {
  const candidates = [join(folder, 'usr', 'lib'), join(folder, 'lib')].filter((lib) => existsSync(lib));
  const found: string[] = [];
  for (const lib of candidates) {
    const children = await readdir(lib, { withFileTypes: true });
    found.push(...children.filter((child) => child.isDirectory()).map((child) => join(lib, child.name)));
  }
  return found;
}

async function download(work: string, lists: readonly string[], program: DebianProgram): Promise<void> {
  const { packages, followed, maxPackages } = program;
  const wanted = new Set(packages);
  let unseen = [...wanted];
  while (unseen.length > 0) {
    const { stdout } = await apt('apt-cache', work, lists, ['depends', ...ONLY_HARD, ...unseen]);
    const named = [...stdout.matchAll(/^\s*Depends: (\S+)$/gm)].map(([, name = '']) => name);
    const fresh = [...new Set(named)].filter(
      (name) => followed.test(name) && !NEVER_UNPACKED.has(name) && !wanted.has(name),
    );
    unseen = [];
    for (const name of fresh) if (!(await isInstalled(name))) unseen.push(name);
    for (const name of unseen) wanted.add(name);
    if (wanted.size > maxPackages) throw new Error(`${packages[0]} wants more than ${maxPackages} packages`);
  }
  await apt('apt-get', work, lists, ['download', ...wanted]);
}

const ONLY_HARD = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances', 'pre-depends'].map(
  (kind) => `--no-${kind}`,
);

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f=${db:Status-Status}\n', name], { timeout: STEP_TIMEOUT_MS });
    return stdout.split('\n').includes('installed');
  } catch {
    return false;
  }
}

async function apt(program: string, work: string, lists: readonly string[], args: readonly string[]) {
  return await run(
    program,
    [
      '-q',
      `-oDir::Cache=${join(work, 'cache')}`,
      // apt takes system-wide locks, and as root hands downloads to a user who cannot see our folder.
      '-oDebug::NoLocking=1',
      `-oAPT::Sandbox::User=${userName()}`,
      '-oAcquire::Retries=2',
      '-oAcquire::http::Timeout=20',
      '-oAPT::Get::List-Cleanup=0',
      ...lists,
      ...args,
    ],
    {
      cwd: join(work, 'debs'),
      timeout: STEP_TIMEOUT_MS,
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: 16 * 1024 * 1024,
    },
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in /etc/passwd, as containers have.
    return 'nobody';
  }
}
