import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRedisBus } from '@marketgraph/platform/messaging';
import { createLogger } from '@marketgraph/platform/telemetry';

const USAGE = `Shows the events that a consumer group could not handle, and hands them to it again.

  pnpm redrive GROUP            lists what is buried, with the reasons
  pnpm redrive GROUP --again    publishes it again; inboxes keep what was handled from having a second effect
  --count N                     so many at most (100)

  The Redis is that of the marketplace started on DATA_DIR (.data), or REDIS_URL.
`;

const ROOT = resolve(import.meta.dirname, '..', '..');
const MAX_COUNT = 10_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    again: { type: 'boolean', default: false },
    count: { type: 'string', default: '100' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [group] = positionals;
const count = Number(values.count);

if (values.help || !group || !Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
  process.stderr.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  const log = createLogger({ service: 'redrive', level: 'silent' });
  const bus = await createRedisBus({ url: await redisUrl(), log });
  try {
    if (values.again) {
      process.stdout.write(`${await bus.redrive(group, count)} published again\n`);
    } else {
      const letters = await bus.deadLetters(group, count);
      for (const { at, attempts, envelope, reason } of letters) {
        process.stdout.write(`${at}  ${envelope.name} ${envelope.key}  after ${attempts} attempts: ${reason}\n`);
      }
      process.stdout.write(`${letters.length} buried\n`);
    }
  } finally {
    await bus.close();
  }
}

async function redisUrl(): Promise<string> {
  if (process.env['REDIS_URL']) return process.env['REDIS_URL'];
  const file = join(resolve(ROOT, process.env['DATA_DIR'] || '.data'), 'operator-access.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`No marketplace has been started on this data folder (${file} is missing); set REDIS_URL.`);
  });
  return (JSON.parse(text) as { redisUrl: string }).redisUrl;
}
