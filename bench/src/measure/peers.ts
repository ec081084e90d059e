import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const PEERS_FOLDER = resolve(import.meta.dirname, '..', '..', 'peers');
const LOCK = join(PEERS_FOLDER, 'pnpm-lock.yaml');
/** Which lockfile was installed last. */
const STAMP = join(PEERS_FOLDER, 'node_modules', '.installed-lock');
const INSTALL_LIMIT_MS = 300_000;
/** Of what an installer that failed had to say. */
const MAX_LINES = 4;

/**
 * Installs the gateways we compare with, at the first benchmark that wants them
 * and whenever their lockfile has changed. Resolves to why it could not, or null.
 */
export async function installPeers(say: (text: string) => void): Promise<string | null> {
  const lock = await readFile(LOCK, 'utf8');
  if (existsSync(STAMP) && (await readFile(STAMP, 'utf8')) === lock) return null;
  say('Installing the gateways to compare with (once, about 330 MB) …\n');
  const root = JSON.parse(await readFile(resolve(PEERS_FOLDER, '..', '..', 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  try {
    await promisify(execFile)('npx', ['-y', root.packageManager, 'install', '--frozen-lockfile', '--ignore-scripts'], {
      cwd: PEERS_FOLDER,
      timeout: INSTALL_LIMIT_MS,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stderr}\n${stdout}`
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('npm warn'));
    return said.slice(0, MAX_LINES).join('; ') || String(error);
  }
  await writeFile(STAMP, lock);
  return null;
}
