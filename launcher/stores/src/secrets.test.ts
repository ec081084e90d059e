import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadSecrets } from './secrets.ts';
import { StoreUnavailableError } from './store-errors.ts';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('secrets stay the same from start to start', () => {
  const folder = aFolder();
  expect(loadSecrets(folder)).toEqual(loadSecrets(folder));
});

test('secrets can be read by their owner alone', () => {
  const folder = aFolder();
  loadSecrets(folder);
  expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
});

test('no two secrets are the same, and two folders share none', () => {
  const folders = [loadSecrets(aFolder()), loadSecrets(aFolder())];
  const values = folders.flatMap((secrets) => [...JSON.stringify(secrets).matchAll(/:"([^"]+)"/g)].map(([, v]) => v));
  expect(values.length).toBeGreaterThan(40);
  expect(new Set(values).size).toBe(values.length);
});

test('a secret added by a later version is generated, the others are kept', () => {
  const folder = aFolder();
  const before = loadSecrets(folder);
  const file = join(folder, 'secrets.json');
  const { redis, ...others } = JSON.parse(readFileSync(file, 'utf8')) as typeof before;
  writeFileSync(file, JSON.stringify({ ...others, redis: { adminPassword: redis.adminPassword } }));

  const after = loadSecrets(folder);
  expect(after.postgres).toEqual(before.postgres);
  expect(after.redis.adminPassword).toBe(before.redis.adminPassword);
  expect(after.redis.users.orders).toMatch(/^[\w-]{32}$/);
});

test.each(['', '{"postgres":', 'null', '7'])('a file that holds %j is refused with what to do', (content) => {
  const folder = aFolder();
  writeFileSync(join(folder, 'secrets.json'), content);
  expect(() => loadSecrets(folder)).toThrow(StoreUnavailableError);
  expect(() => loadSecrets(folder)).toThrow('repair the file, or start with --fresh');
});
