import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { examine, type Outcome, type Status, whereInEnvironment, whereInFolder } from './doctor.ts';

const USAGE = `Looks at a running marketplace and says what is wrong with it and what to do.

  pnpm doctor          every store, locks, consumer groups, dead letters, outboxes, the index, clocks, versions
  --json               the same as JSON

  The stores are those of the marketplace started on DATA_DIR (.data), or those that the environment names:
  ACCOUNTS_, INVENTORY_, ORDERS_, PAYMENTS_DATABASE_URL, MONGODB_URL or CATALOG_ and REVIEWS_MONGODB_URL, REDIS_URL,
  TYPESENSE_URL and TYPESENSE_API_KEY, STRIPE_SECRET_KEY, GRAPH_URL. It only reads. Ends with 0 when all is well, 1 when something should
  be looked at, 2 when something has failed or could not be looked at.
`;

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const EXIT_CODES: Readonly<Record<Status, number>> = { ok: 0, warn: 1, fail: 2 };
const MARKS: Readonly<Record<Status, string>> = {
  ok: colors.green('✓'),
  warn: colors.yellow('!'),
  fail: colors.red('✗'),
};

process.exitCode = await run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT_CODES.fail;
});

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const folder = resolve(ROOT, process.env['DATA_DIR'] || '.data');
  const diagnosis = await examine(whereInEnvironment(process.env) ?? (await whereInFolder(folder)));
  if (values.json) process.stdout.write(`${JSON.stringify(diagnosis, null, 2)}\n`);
  else for (const outcome of diagnosis.checks) print(outcome);
  return EXIT_CODES[diagnosis.status];
}

function print({ id, status, reason, advice }: Outcome): void {
  process.stdout.write(`${MARKS[status]} ${id.padEnd(19)} ${reason}\n`);
  if (status !== 'ok' && advice !== undefined) process.stdout.write(`${' '.repeat(22)}${colors.dim(advice)}\n`);
}
