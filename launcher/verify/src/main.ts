import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { settingsOf } from '@marketgraph/platform/config';
import { runProcess } from '@marketgraph/platform/serve';
import { createLogger, startMetrics } from '@marketgraph/platform/telemetry';
import { startNightly } from './nightly.ts';
import { timeOfDay } from './time-of-day.ts';
import { imbalancesOf, type StoreAccess, storeAccessShape, type Verdict, verifyStores } from './verify.ts';

const USAGE = `Checks in the stores that no money and no unit is lost, and no event either.

  pnpm verify [I1 I8 …]    all invariants, or these
  --json                   the verdicts as JSON
  --at 03:00               stays, and verifies all of them once a day at that time (UTC): errors are logged,
                           VERIFY_METRICS_PORT serves the outcome as metrics

  The stores are those of the marketplace started on DATA_DIR (.data). It may run; what is in progress is not counted
  as broken. Ends with 0 when everything holds, 1 when something does not, 2 when a store could not be read.
`;

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    at: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) process.stdout.write(USAGE);
else if (values.at !== undefined) await stay(values.at);
else process.exitCode = await run();

async function stay(at: string): Promise<void> {
  const log = createLogger({ service: 'verify' });
  await runProcess(log, async () => {
    const time = timeOfDay(at);
    const { metrics, stop } = await startMetrics(settingsOf('verify', process.env), log);
    const nightly = startNightly({
      at: time,
      // Read each time: a marketplace that was started anew may have other stores.
      async look() {
        const access = await storeAccess();
        return { verdicts: await verifyStores(access), imbalances: await imbalancesOf(access) };
      },
      metrics,
      log,
    });
    return {
      async stop() {
        await nightly.stop();
        await stop();
      },
    };
  });
}

async function run(): Promise<number> {
  let access: StoreAccess;
  try {
    access = await storeAccess();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const verdicts = await verifyStores(access, {
    ...(positionals.length > 0 ? { only: positionals } : {}),
    ...(values.json ? {} : { onVerdict: print }),
  });
  if (values.json) process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
  if (verdicts.some(({ violations }) => violations > 0)) return 1;
  return verdicts.some(({ error }) => error !== undefined) ? 2 : 0;
}

function print({ id, title, checked, violations, examples, error }: Verdict): void {
  const mark = error !== undefined ? colors.yellow('?') : violations > 0 ? colors.red('✗') : colors.green('✓');
  const count = violations > 0 ? `${violations} of ${checked}` : `${checked}`;
  process.stdout.write(`${mark} ${id.padEnd(4)} ${count.padStart(9)}  ${title}\n`);
  if (error !== undefined) process.stdout.write(`     ${colors.yellow(`could not be checked: ${error}`)}\n`);
  for (const example of examples) process.stdout.write(`     ${colors.red(example)}\n`);
}

async function storeAccess(): Promise<StoreAccess> {
  const file = join(resolve(ROOT, process.env['DATA_DIR'] || '.data'), 'operator-access.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`No marketplace has been started on this data folder: ${file} is missing.`);
  });
  return storeAccessShape.parse(JSON.parse(text));
}
