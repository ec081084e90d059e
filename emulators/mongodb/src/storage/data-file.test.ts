import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DataFile } from './data-file.ts';

function aPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'data-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'inner', 'documents.sqlite');
}

const INSERT = 'INSERT INTO users (username, body) VALUES (?, ?)';

describe('a data file', () => {
  it('commits everything of one turn together, and says when', async () => {
    const path = aPath();
    const file = new DataFile(path);
    let commits = 0;
    file.onCommitted(() => commits++);
    for (const name of ['a', 'b', 'c']) file.write(INSERT, name, Buffer.alloc(1));
    expect(commits).toBe(0);
    await file.durable();
    expect(commits).toBe(1);
    file.close();
    const again = new DataFile(path);
    expect([...again.all('SELECT username FROM users')].map(({ username }) => username)).toEqual(['a', 'b', 'c']);
    again.close();
  });

  it('acknowledges nothing more once a write has failed', async () => {
    const file = new DataFile(aPath());
    onTestFinished(() => file.close());
    file.write(INSERT, 'a', Buffer.alloc(1));
    const durable = file.durable();
    expect(() => file.write(INSERT, 'a', Buffer.alloc(1))).toThrow(/cannot be written/);
    await expect(durable).rejects.toThrow(/cannot be written/);
    await expect(file.durable()).rejects.toThrow(/cannot be written/);
    expect(() => file.write(INSERT, 'b', Buffer.alloc(1))).toThrow(/cannot be written/);
  });

  it('refuses a file of another format, and one that is no data file', () => {
    const path = aPath();
    new DataFile(path).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => new DataFile(path)).toThrow(/format 99/);
    writeFileSync(path, 'not a database, but longer than a header would have to be to be one'.repeat(20));
    expect(() => new DataFile(path)).toThrow(/cannot be opened/);
  });
});
