import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../store-log.ts';
import { installedServer } from './installed-server.ts';

function aPathWith(program: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  if (program) {
    writeFileSync(join(folder, program), '#!/bin/sh\n');
    chmodSync(join(folder, program), 0o755);
  }
  return folder;
}

const choose = (options: {
  path: string;
  hasEmulatorData?: boolean;
  hasServerData?: boolean;
  useInstalled?: boolean;
}): string | undefined =>
  installedServer('mongod', {
    context: { useInstalled: options.useInstalled ?? true, log: silentLog },
    store: 'MongoDB',
    variable: 'MONGODB_URL',
    hasEmulatorData: false,
    hasServerData: false,
    ...options,
  });

test('the server of the machine is used where there is one', () => {
  const path = aPathWith('mongod');
  expect(choose({ path })).toBe(join(path, 'mongod'));
});

test('a file that cannot be run is no server', () => {
  const path = aPathWith('mongod');
  chmodSync(join(path, 'mongod'), 0o644);
  expect(choose({ path })).toBeUndefined();
});

test('without one, or when told so, the emulator is used', () => {
  expect(choose({ path: aPathWith(undefined) })).toBeUndefined();
  expect(choose({ path: '' })).toBeUndefined();
  expect(choose({ path: aPathWith('mongod'), useInstalled: false })).toBeUndefined();
});

test('a server installed later does not hide what the emulator holds', () => {
  expect(choose({ path: aPathWith('mongod'), hasEmulatorData: true })).toBeUndefined();
});

test('data of a server that was removed is not silently replaced by an empty emulator', () => {
  expect(() => choose({ path: aPathWith(undefined), hasServerData: true })).toThrow(
    /install it again, set MONGODB_URL, or start with --fresh/,
  );
});
