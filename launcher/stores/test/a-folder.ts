import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is gone when the test is. Stops registered after it run before it is removed. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'marketgraph-stores-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
