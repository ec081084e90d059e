import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import colors from 'picocolors';
import { seedOfRun } from './support/seed-of-run.ts';

/**
 * Everything CI runs, one after another, and at the end how much passed. A
 * failure does not hide the ones after it.
 */
const CHECKS = ['check:format', 'check:lint', 'check:types', 'check:dead', 'check:schema'];
const SUITES = ['unit', 'integration', 'conformance', 'e2e'];

interface Outcome {
  name: string;
  passed: number;
  failed: number;
  seconds: number;
}

const seed = String(await seedOfRun(process.env));
process.stdout.write(`Random input is made from TEST_SEED=${seed}\n`);

const outcomes: Outcome[] = [];
for (const check of CHECKS) outcomes.push(await runCheck(check));
for (const suite of SUITES) outcomes.push(await runSuite(suite));

process.stdout.write('\n');
for (const { name, passed, failed, seconds } of outcomes) {
  const mark = failed === 0 ? colors.green('✓') : colors.red('✗');
  process.stdout.write(
    `${mark} ${name.padEnd(14)} ${passed} passed, ${failed} failed ${colors.dim(`${seconds.toFixed(1)} s`)}\n`,
  );
}
const passed = outcomes.reduce((total, outcome) => total + outcome.passed, 0);
const failed = outcomes.reduce((total, outcome) => total + outcome.failed, 0);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function runCheck(script: string): Promise<Outcome> {
  const begin = performance.now();
  const code = await run(['--silent', 'run', script]);
  return { name: script, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, seconds: secondsSince(begin) };
}

async function runSuite(project: string): Promise<Outcome> {
  const begin = performance.now();
  const file = join(tmpdir(), `marketgraph-${process.pid}-${project}.json`);
  const code = await run([
    'exec',
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  const result = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as { numPassedTests: number; numFailedTests: number },
    () => ({ numPassedTests: 0, numFailedTests: 0 }),
  );
  await rm(file, { force: true });
  // A suite that could not even be loaded, or ran nothing, has failed.
  const broken = code !== 0 || result.numPassedTests === 0 ? 1 : 0;
  return {
    name: project,
    passed: result.numPassedTests,
    failed: Math.max(result.numFailedTests, broken),
    seconds: secondsSince(begin),
  };
}

/** Runs a script of this workspace with the pnpm that runs this one. */
function run(args: string[]): Promise<number> {
  const pnpm = process.env['npm_execpath'];
  const [command, first] = pnpm && /\.[cm]?js$/.test(pnpm) ? [process.execPath, [pnpm]] : [pnpm ?? 'pnpm', []];
  process.stdout.write(`\n${colors.bold(`▶ ${args.at(0) === 'exec' ? `${args[4]} tests` : args.at(-1)}`)}\n`);
  const child = spawn(command, [...first, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // Hundreds of processes are started, most of them from the same modules.
    env: {
      NODE_COMPILE_CACHE: join(import.meta.dirname, '..', '.cache', 'node'),
      CHAOS_SEED: seed,
      ...process.env,
      TEST_SEED: seed,
    },
  });
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code ?? 1));
    child.on('error', () => resolve(1));
  });
}

function secondsSince(begin: number): number {
  return (performance.now() - begin) / 1_000;
}
