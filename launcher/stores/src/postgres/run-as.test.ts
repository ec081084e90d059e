import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StoreUnavailableError } from '../store-errors.ts';
import { silentLog } from '../store-log.ts';
import { assertReachable, chooseRunAs, type RunAs } from './run-as.ts';

const isRoot = process.getuid?.() === 0;

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-run-as-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a command is passed on whole, however it is run', () => {
  const runAs = chooseRunAs(join(aFolder(), 'none-yet'), silentLog);
  const { command, args } = runAs.wrap('/bin/postgres', ['-D', 'a b']);
  expect([command, ...args].slice(-3)).toEqual(['/bin/postgres', '-D', 'a b']);
});

test('root runs an existing cluster as the user who owns it', () => {
  const owner = { uid: 65_534, gid: 65_534 };
  const cluster = aFolder();
  // Only root can give a folder away; for anybody else it is theirs, which is as far from root's.
  if (isRoot) chownSync(cluster, owner.uid, owner.gid);
  const expected = isRoot ? owner : { uid: process.getuid?.(), gid: process.getgid?.() };
  expect(chooseRunAs(cluster, silentLog, 0)).toMatchObject({ kind: 'user', ...expected });
});

test('an ordinary user is told whose data it is', () => {
  expect(() => chooseRunAs('/etc', silentLog, 1000)).toThrow(StoreUnavailableError);
  expect(() => chooseRunAs('/etc', silentLog, 1000)).toThrow('start as that user, or set DATA_DIR');
});

test('a folder that the other user cannot reach is named, with what to do', () => {
  const other = isRoot ? { uid: 65_534, gid: 65_534 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const home = aFolder();
  const data = join(home, 'data');
  mkdirSync(data);
  chmodSync(data, 0o777);
  const runAs: RunAs = { kind: 'user', ...other, wrap: () => ({ command: '', args: [] }) };
  chmodSync(home, 0o000);
  expect(() => assertReachable(runAs, [data])).toThrow(`cannot read ${data}: start as an ordinary user`);
  chmodSync(home, 0o755);
  expect(() => assertReachable(runAs, [data])).not.toThrow();
});
