import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DATA_FOLDER_VERSION, openDataFolder } from './data-folder.ts';
import { DataFolderInUseError, DataFolderVersionError, StoreUnavailableError } from './store-errors.ts';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('a data folder', () => {
  test('is made when missing and can be opened again after it was released', () => {
    const path = join(aFolder(), 'deep', 'data');
    openDataFolder(path).release();
    const again = openDataFolder(path);
    again.release();
    again.release();
    expect(existsSync(join(path, 'version'))).toBe(true);
  });

  test('is held by one at a time, and says by whom', () => {
    const path = aFolder();
    const first = openDataFolder(path);
    onTestFinished(() => first.release());
    const error = caught(() => openDataFolder(path));
    expect(error).toBeInstanceOf(DataFolderInUseError);
    expect((error as Error).message).toContain(`process ${process.pid}`);
  });

  test.each(['0', '99', 'something else', ''])('of version %j is refused with what to do', (version) => {
    const path = aFolder();
    writeFileSync(join(path, 'version'), version);
    const error = caught(() => openDataFolder(path));
    expect(error).toBeInstanceOf(DataFolderVersionError);
    expect((error as Error).message).toMatch(/start with --fresh .* or set DATA_DIR/);
  });

  test('that was refused is not held', () => {
    const path = aFolder();
    writeFileSync(join(path, 'version'), '99');
    caught(() => openDataFolder(path));
    writeFileSync(join(path, 'version'), DATA_FOLDER_VERSION);
    const folder = openDataFolder(path);
    onTestFinished(() => folder.release());
    expect(folder.path).toBe(path);
  });

  test('that cannot be one says what to do', () => {
    const file = join(aFolder(), 'file');
    writeFileSync(file, '');
    const error = caught(() => openDataFolder(join(file, 'data')));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as Error).message).toMatch(/cannot write to the data folder .* set DATA_DIR/);
  });

  test('with data and no version is not taken for a new one', () => {
    const path = aFolder();
    mkdirSync(join(path, 'postgres'));
    expect(caught(() => openDataFolder(path))).toBeInstanceOf(DataFolderVersionError);
  });
});
