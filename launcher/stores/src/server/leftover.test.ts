import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../store-log.ts';
import { recordProcess, stopLeftover } from './leftover.ts';
import { identify, isAlive } from './process-identity.ts';

async function aProcess(script: string): Promise<{ child: ChildProcess; pid: number; recordFile: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-leftover-'));
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  // It says something once its signal handlers are in place.
  await once(child.stdout, 'data');
  return { child, pid: child.pid ?? 0, recordFile: join(folder, 'process.json') };
}

const WAITS = 'setInterval(() => {}, 1000); console.log("up")';
const IGNORES_SIGTERM = `process.on("SIGTERM", () => {}); ${WAITS}`;
const options = { stopSignal: 'SIGTERM', graceMs: 5000, log: silentLog } as const;

test('a process left by a killed run is stopped', async () => {
  const { pid, recordFile } = await aProcess(WAITS);
  recordProcess(recordFile, pid);
  await stopLeftover('server', recordFile, options);
  expect(identify(pid)).toBeUndefined();
  expect(existsSync(recordFile)).toBe(false);
});

test('a process that does not listen is killed', async () => {
  const { child, pid, recordFile } = await aProcess(IGNORES_SIGTERM);
  recordProcess(recordFile, pid);
  await stopLeftover('server', recordFile, { ...options, graceMs: 100 });
  expect(identify(pid)).toBeUndefined();
  expect(child.signalCode ?? (await once(child, 'exit'))[1]).toBe('SIGKILL');
});

test('a stranger who was given the old process id is left alone', async () => {
  const { pid, recordFile } = await aProcess(WAITS);
  recordProcess(recordFile, pid);
  const record = JSON.parse(readFileSync(recordFile, 'utf8')) as { startedAtTick: string };
  writeFileSync(recordFile, JSON.stringify({ ...record, startedAtTick: `${Number(record.startedAtTick) - 1}` }));
  await stopLeftover('server', recordFile, options);
  expect(identify(pid)).toBeDefined();
});

test('a process of an earlier boot is nobody', async () => {
  const { pid } = await aProcess(WAITS);
  const identity = identify(pid);
  expect(identity && isAlive(identity)).toBe(true);
  expect(identity && isAlive({ ...identity, bootId: 'another' })).toBe(false);
});

test.each(['', '{', '{}', '{"pid":"1"}', 'null'])('a record that says %j stops nobody', async (record) => {
  const { pid, recordFile } = await aProcess(WAITS);
  writeFileSync(recordFile, record);
  await stopLeftover('server', recordFile, options);
  expect(identify(pid)).toBeDefined();
  expect(existsSync(recordFile)).toBe(false);
});
