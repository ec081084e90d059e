import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Programs of others in a folder with a lockfile of its own, outside the workspace. */
export interface Peers {
  folder: string;
  what: string;
  megabytes: number;
}

const PEERS_FOLDER = resolve(import.meta.dirname, '..', '..', 'peers');

export const GATEWAY_PEERS: Peers = { folder: PEERS_FOLDER, what: 'the gateways to compare with', megabytes: 330 };
export const VENDURE_PEER: Peers = { folder: join(PEERS_FOLDER, 'vendure'), what: 'Vendure', megabytes: 125 };

const INSTALL_LIMIT_MS = 300_000;
/** Of what an installer that failed had to say. */
const MAX_LINES = 4;

/**
 * Installs what we compare with, at the first benchmark that wants it and
 * whenever its lockfile has changed. Resolves to why it could not, or null.
 */
export async function installPeers(
  { folder, what, megabytes }: Peers,
  say: (text: string) => void,
): Promise<string | null> {
  /** Which lockfile was installed last. */
  const stamp = join(folder, 'node_modules', '.installed-lock');
  const lock = await readFile(join(folder, 'pnpm-lock.yaml'), 'utf8');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === lock) return null;
  say(`Installing ${what} (once, about ${megabytes} MB) …\n`);
  const root = JSON.parse(await readFile(resolve(PEERS_FOLDER, '..', '..', 'package.json'), 'utf8')) as {
    packageManager: string;
  };
  try {
    await promisify(execFile)('npx', ['-y', root.packageManager, 'install', '--frozen-lockfile', '--ignore-scripts'], {
      cwd: folder,
      timeout: INSTALL_LIMIT_MS,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stderr}\n${stdout}`
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('npm warn'));
    return said.slice(0, MAX_LINES).join('; ') || String(error);
  }
  await writeFile(stamp, lock);
  return null;
}

/** What is compared with, as it is pinned. */
export async function peerVersions(): Promise<Record<string, string>> {
  const each = await Promise.all(
    [GATEWAY_PEERS, VENDURE_PEER].map(async ({ folder }) => {
      const { dependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
        dependencies: Record<string, string>;
      };
      return dependencies;
    }),
  );
  return Object.assign({}, ...each) as Record<string, string>;
}
