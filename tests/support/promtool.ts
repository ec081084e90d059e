import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath, TEST_CACHE_DIR, unpackDebianProgram } from '@marketgraph/stores/testing';

const run = promisify(execFile);
const LIMIT_MS = 60_000;

/** 19 MB; one binary that needs no library but the C one. */
const DEBIAN_PROMETHEUS = { packages: ['prometheus'], followed: /^$/, maxPackages: 1 };

/**
 * Prometheus' own tester of rules: the machine's, the one unpacked earlier, or Debian's, unpacked now without root. None:
 * the tests fail, since what they promise would not be known.
 */
async function findPromtool(cacheDir: string = TEST_CACHE_DIR): Promise<string> {
  const installed = findOnPath('promtool', process.env['PATH'] ?? '');
  if (installed) return installed;
  const folder = join(cacheDir, 'prometheus');
  const command = join(folder, 'usr', 'bin', 'promtool');
  if (existsSync(command)) return command;
  await mkdir(cacheDir, { recursive: true });
  const mine = join(cacheDir, `prometheus.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    await unpackDebianProgram(mine, DEBIAN_PROMETHEUS);
    // Another test run may have been first; its folder is as good as ours.
    await rename(mine, folder).catch(() => undefined);
  } catch (error) {
    throw new Error('There is no promtool on this machine and none to be had: install prometheus.', { cause: error });
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
  return command;
}

/** What `promtool test rules` says about a file of tests, and whether all of them passed. */
export async function testRules(file: string): Promise<{ passed: boolean; said: string }> {
  const promtool = await findPromtool();
  try {
    const { stdout, stderr } = await run(promtool, ['test', 'rules', file], { timeout: LIMIT_MS });
    return { passed: true, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    // One is its word on the rules; anything else means that it did not run.
    if (code !== 1) throw error;
    return { passed: false, said: `${stdout}${stderr}` };
  }
}
