import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { SOURCE_FLAGS } from '@marketgraph/platform/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/printed-schemas.ts';

const SUBGRAPHS = ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];
const TOGETHER = resolve(ROOT, 'tests', 'support', 'print-sdl.ts');

/** type-graphql keeps one registry of classes per process: a subgraph must not print what another one declared. */
describe('X4 a subgraph prints the same schema alone and beside all others', () => {
  let together: Record<string, string>;

  beforeAll(async () => {
    together = await printedBy(SUBGRAPHS);
  }, 60_000);

  it.each(SUBGRAPHS)(
    '%s',
    async (name) => {
      const alone = await printedBy([name]);
      expect(Object.keys(alone)).toEqual([name]);
      expect(alone[name]).toContain('type Query');
      expect(alone[name]).toBe(together[name]);
    },
    60_000,
  );
});

/** In a process of its own, which loads these subgraphs and no other. */
async function printedBy(names: readonly string[]): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [...SOURCE_FLAGS, TOGETHER, ...names], {
    cwd: ROOT,
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Record<string, string>;
}
