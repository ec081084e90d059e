import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Environment } from '@marketgraph/platform/config';
import { keepLog } from './process-log.ts';
import { IS_SOURCE, NODE_FLAGS } from './processes.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const ENTRY = join('launcher', 'verify', IS_SOURCE ? 'src/main.ts' : 'dist/main.js');
/** It runs from its modules, not from one file with a map beside it. */
const FLAGS = IS_SOURCE ? NODE_FLAGS : ['--enable-source-maps', ...NODE_FLAGS];
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Throws for what is no time, before anything is started. */
export function verifyTime(env: Environment): string | undefined {
  const at = env['VERIFY_AT'];
  if (!at) return undefined;
  if (!TIME.test(at)) throw new Error(`VERIFY_AT is "${at}": it must be a time of day like 03:00 (UTC).`);
  return at;
}

/** A process of its own: a look at every row must not hold up whoever buys at that time. */
export function startNightlyVerify(options: { at: string; dataDir: string; logsDir: string; settings: Environment }): {
  stop(): Promise<void>;
} {
  const { at, dataDir, logsDir, settings } = options;
  const own = Object.entries(settings).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[0].startsWith('VERIFY_METRICS_'),
  );
  const child = spawn(process.execPath, [...FLAGS, ENTRY, '--at', at], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      EXIT_WITH_PARENT: '1',
      DATA_DIR: dataDir,
      ...Object.fromEntries(own),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  keepLog(child, join(logsDir, 'verify.log'));
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
