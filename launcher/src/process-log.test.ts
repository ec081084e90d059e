import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { keepLog } from './process-log.ts';

/** Its first output has ended, seen from here, before it says the last thing on the other. */
const PROGRAM = `
console.log('first words');
require('node:fs').closeSync(1);
process.stdin.once('data', () => console.error('last words'));`;

it('a process that ends its output before its errors loses no word, and nobody else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'marketgraph-log-'));
  try {
    const file = join(folder, 'a.log');
    const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
    const output = keepLog(child, file);
    child.stdout.once('end', () => child.stdin.end('go\n'));
    await finished(output);
    expect(await readFile(file, 'utf8')).toBe('first words\nlast words\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});
