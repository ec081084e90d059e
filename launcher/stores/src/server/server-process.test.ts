import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { StoreStartError } from '../store-errors.ts';
import { silentLog } from '../store-log.ts';
import { identify } from './process-identity.ts';
import { type ServerCommand, startServerProcess } from './server-process.ts';

function aCommand(script: string): ServerCommand {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-server-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    name: 'server',
    command: process.execPath,
    args: ['-e', script],
    logFile: join(folder, 'server.log'),
    recordFile: join(folder, 'process.json'),
    stopSignal: 'SIGTERM',
    log: silentLog,
  };
}

const WAITS = 'setInterval(() => {}, 1000); console.log("up")';

test('a server is stopped once, however often it is asked', async () => {
  const command = aCommand(WAITS);
  const server = await startServerProcess(command);
  expect(existsSync(command.recordFile)).toBe(true);
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  expect(identify(server.pid)).toBeUndefined();
  expect(existsSync(command.recordFile)).toBe(false);
});

test('a server that ignores the request to stop is killed', async () => {
  const command = aCommand(`process.on("SIGTERM", () => {}); ${WAITS}`);
  const server = await startServerProcess({ ...command, graceMs: 50 });
  await server.ready(() => readFileSync(command.logFile, 'utf8').includes('up'), 10_000);
  await server.stop();
  expect(identify(server.pid)).toBeUndefined();
});

test('a server that ends while it starts fails with its last words, not with those of an earlier run', async () => {
  const command = aCommand('console.error("the disk is full"); process.exit(3)');
  writeFileSync(command.logFile, 'something old\n');
  const server = await startServerProcess(command);
  const failure: unknown = await server.ready(() => false, 10_000).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StoreStartError);
  expect((failure as Error).message).toContain('the disk is full');
  expect((failure as Error).message).not.toContain('something old');
});

test('a server that does not get ready in time fails', async () => {
  const server = await startServerProcess(aCommand(WAITS));
  onTestFinished(() => server.stop());
  await expect(server.ready(() => false, 50)).rejects.toThrow('not ready after 50 ms');
});

test('a program that is not there is a start error', async () => {
  const command = { ...aCommand(''), command: '/nowhere/server' };
  await expect(startServerProcess(command)).rejects.toThrow(StoreStartError);
});

test('a log that has grown is put aside at the next start', async () => {
  const command = aCommand(WAITS);
  writeFileSync(command.logFile, 'x'.repeat(6 * 1024 * 1024));
  const server = await startServerProcess(command);
  await server.stop();
  expect(readFileSync(`${command.logFile}.1`).length).toBe(6 * 1024 * 1024);
  expect(readFileSync(command.logFile).length).toBeLessThan(1024);
});

test('an unexpected end is reported', async () => {
  const said: string[] = [];
  const log = { info() {}, warn: (message: string) => void said.push(message) };
  const server = await startServerProcess({ ...aCommand(WAITS), log });
  await server.ready(() => true, 1000);
  onTestFinished(() => server.stop());
  process.kill(server.pid, 'SIGKILL');
  await vi.waitFor(() => expect(said.join('\n')).toContain('server ended unexpectedly (SIGKILL)'));
});
