import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../config/config.ts';
import { SOURCE_FLAGS, until } from '../testing/testing.ts';
import { processLogger } from './telemetry.ts';

const TELEMETRY = resolve(import.meta.dirname, 'telemetry.ts');
const CONFIG = resolve(import.meta.dirname, '..', 'config', 'config.ts');

/** What a process writes that logs one line. */
function written(env: Record<string, string>, isTerminal: boolean): string {
  const script = `
    const { processLogger } = await import(${JSON.stringify(TELEMETRY)});
    const { settingsOf } = await import(${JSON.stringify(CONFIG)});
    const log = processLogger(settingsOf('orders', ${JSON.stringify(env)}), 'orders', { isTerminal: ${isTerminal} });
    log.info({ email: 'bea@story.example', orderId: 'ord_1' }, 'order placed');
  `;
  const flags = [...SOURCE_FLAGS, '--input-type=module', '--eval', script];
  return execFileSync(process.execPath, flags, { encoding: 'utf8' });
}

describe('what a process logs', () => {
  it('X7 is readable in a terminal, JSON lines anywhere else, and redacted in both', () => {
    const readable = written({}, true);
    expect(readable).toMatch(/INFO.*order placed/);
    expect(() => JSON.parse(readable) as unknown).toThrow('JSON');
    const line = JSON.parse(written({}, false)) as object;
    expect(line).toMatchObject({ level: 'info', service: 'orders', orderId: 'ord_1', msg: 'order placed' });
    expect(JSON.parse(written({ LOG_PRETTY: 'false' }, true))).toMatchObject({ email: '[redacted]' });
    expect(readable).not.toContain('@');
  });

  it('is JSON in a file, whoever looks at the terminal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    try {
      const file = join(folder, 'orders.log');
      const warnings = processLogger(settingsOf('orders', { LOG_FILE: file, LOG_LEVEL: 'warn' }), 'orders');
      warnings.info('not this');
      const log = processLogger(settingsOf('orders', { LOG_FILE: file }), 'orders', { isTerminal: true });
      log.info('ready');
      log.info('serving');
      // Written when the disk is ready for it, in order.
      const lines = await until(() => {
        const read = readFileSync(file, 'utf8').trim().split('\n');
        return read.length === 2 && read;
      });
      expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['ready', 'serving']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
