import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath, libraryFolders, TEST_CACHE_DIR, unpackDebianProgram } from '@marketgraph/stores/testing';

const run = promisify(execFile);

export interface ChromiumBinary {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the page is made for; an older browser would fail for reasons of its own. */
const OLDEST_MAJOR = 111;
const ON_PATH = ['chromium-headless-shell', 'chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];

/** Chromium without windows, and letters to measure texts with: 87 MB, and the libraries the machine lacks. */
const DEBIAN_CHROMIUM = {
  packages: ['chromium-headless-shell', 'fonts-dejavu-core'],
  followed: /^(chromium-common|lib[a-z0-9.+-]+|mesa-libgallium|zlib1g)$/,
  maxPackages: 150,
};

/**
 * A Chromium for the tests: the machine's own, the one unpacked earlier, or Debian's, unpacked now without root. None:
 * the tests fail, since what they promise would not be known.
 */
export async function findChromium(cacheDir: string = TEST_CACHE_DIR): Promise<ChromiumBinary> {
  for (const name of ON_PATH) {
    const command = findOnPath(name, process.env['PATH'] ?? '');
    if (command && (await runs({ command, env: {} }))) return { command, env: {} };
  }
  const folder = join(cacheDir, 'chromium');
  return (await unpackedIn(folder)) ?? (await download(cacheDir, folder));
}

async function download(cacheDir: string, folder: string): Promise<ChromiumBinary> {
  if (!findOnPath('apt-get', process.env['PATH'] ?? '')) throw unavailable('there is no apt to get it with');
  process.stdout.write('Chromium: none on this machine, unpacking the Debian package (about 90 MB) …\n');
  const begin = performance.now();
  await mkdir(cacheDir, { recursive: true });
  const mine = join(cacheDir, `chromium.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    await unpackDebianProgram(mine, DEBIAN_CHROMIUM).catch((error: unknown) => {
      throw unavailable('getting the Debian package failed', error);
    });
    if (!(await unpackedIn(mine))) throw unavailable('the one that was unpacked does not run here');
    // Another test run may have been first; its folder is as good as ours.
    await rename(mine, folder).catch(() => undefined);
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
  const found = await unpackedIn(folder);
  if (!found) throw unavailable(`the one in ${folder} does not run: remove that folder`);
  process.stdout.write(`Chromium: unpacked in ${((performance.now() - begin) / 1_000).toFixed(1)} s\n`);
  return found;
}

async function unpackedIn(folder: string): Promise<ChromiumBinary | undefined> {
  const command = join(folder, 'usr', 'lib', 'chromium', 'chromium-headless-shell');
  if (!existsSync(command)) return undefined;
  const libraries = await libraryFolders(folder);
  // Some libraries keep parts of themselves one folder deeper.
  const deeper = libraries.flatMap((path) => ['nss', 'pulseaudio'].map((name) => join(path, name)));
  const binary = {
    command,
    env: {
      LD_LIBRARY_PATH: [...libraries, ...deeper.filter((path) => existsSync(path))].join(':'),
      FONTCONFIG_FILE: await fontsOf(folder),
    },
  };
  return (await runs(binary)) ? binary : undefined;
}

/** The unpacked letters beside the machine's own, if it has any. */
async function fontsOf(folder: string): Promise<string> {
  const file = join(folder, 'fonts.conf');
  const folders = ['/usr/share/fonts', join(folder, 'usr', 'share', 'fonts')].map((path) => `<dir>${path}</dir>`);
  const cache = `<cachedir>${join(folder, 'font-cache')}</cachedir>`;
  const plain = '<match><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>';
  await writeFile(file, `<?xml version="1.0"?><fontconfig>${folders.join('')}${plain}${cache}</fontconfig>\n`);
  return file;
}

async function runs({ command, env }: ChromiumBinary): Promise<boolean> {
  try {
    const { stdout } = await run(command, ['--version'], { env: { ...process.env, ...env }, timeout: 20_000 });
    return Number(/\b(\d+)\.\d+\.\d+\.\d+/.exec(stdout)?.[1] ?? 0) >= OLDEST_MAJOR;
  } catch {
    return false;
  }
}

function unavailable(why: string, cause?: unknown): Error {
  return new Error(
    `There is no Chromium ${OLDEST_MAJOR} or newer on this machine, and ${why}: install chromium or Google Chrome so that it is on the PATH.`,
    { cause },
  );
}
