import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import type { SubgraphResponse, Viewer } from '@marketgraph/platform/graphql';
import { generateServiceKey, httpTransport, internalTokenSigner } from '@marketgraph/platform/serve';
import { SOURCE_FLAGS } from '@marketgraph/platform/testing';

/** The catalog as a process of its own, which can be killed. */
export interface CatalogProcess {
  url: string;
  execute(query: string, variables: object, viewer: Viewer): Promise<SubgraphResponse>;
  /** The most memory it has ever held, as Linux counts it. */
  peakBytes(): Promise<number>;
  /** Without a chance to finish anything. */
  kill(): Promise<void>;
}

const folder = resolve(import.meta.dirname, '..');

export async function startCatalogProcess(settings: Record<string, string>): Promise<CatalogProcess> {
  const gateway = await generateServiceKey('gateway');
  const catalog = await generateServiceKey('catalog');
  const child = spawn(process.execPath, [...SOURCE_FLAGS, resolve(folder, 'src/main.ts')], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      EXIT_WITH_PARENT: '1',
      LOG_LEVEL: 'info',
      ACCOUNTS_URL: 'http://127.0.0.1:9',
      PUBLIC_URL: 'http://127.0.0.1:9',
      URL_SIGNING_SECRET: 'secret of the test',
      INTERNAL_SIGNING_KEY: JSON.stringify(catalog.privateJwk),
      INTERNAL_TRUSTED_KEYS: JSON.stringify({ keys: [gateway.publicJwk] }),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await readyUrl(child);
  const transport = httpTransport({ urls: { catalog: url }, signer: await internalTokenSigner(gateway.privateJwk) });
  return {
    url,
    execute: (query, variables, viewer) =>
      transport.execute('catalog', { query, variables: { ...variables }, viewer, requestId: 'test' }),
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await transport.close().catch(() => undefined);
    },
  };
}

async function readyUrl(child: ChildProcess): Promise<string> {
  const seen: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    seen.push(line);
    const entry = JSON.parse(line) as { msg?: string; url?: string };
    if (entry.msg !== 'ready') continue;
    child.stdout!.resume();
    return entry.url!;
  }
  throw new Error(`The catalog did not start:\n${seen.join('\n')}`);
}
