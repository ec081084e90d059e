import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const SEEDS = 2 ** 31;

/**
 * The seed of all random input of a run: TEST_SEED, or the commit, so that a
 * commit that passed once passes again and each new one tries something else,
 * or chance where nothing knows the commit.
 */
export async function seedOfRun(env: NodeJS.ProcessEnv): Promise<number> {
  const given = env['TEST_SEED'];
  if (given !== undefined) return seedOf(given);
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname });
    return Number.parseInt(stdout.slice(0, 8), 16) % SEEDS;
  } catch {
    return randomInt(SEEDS - 1);
  }
}

function seedOf(text: string): number {
  const seed = /^\d+$/.test(text) ? Number(text) : SEEDS;
  if (seed >= SEEDS) {
    throw new Error(`TEST_SEED must be an integer from 0 to ${SEEDS - 1}, not ${JSON.stringify(text)}`);
  }
  return seed;
}
