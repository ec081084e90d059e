import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lastCheckoutIn, traceIn } from './trace-file.ts';
import { printSlowestPath } from './trace-tree.ts';

const USAGE = `Shows where the time of the last checkout went.

  pnpm trace [FILE]           the slowest path of the last checkout, as a tree
  pnpm trace [FILE] --id ID   of this trace

  FILE is what \`start --trace\` writes: traces.ndjson in DATA_DIR (.data), unless it was told another one.
`;

const ROOT = resolve(import.meta.dirname, '..', '..', '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { id: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help || positionals.length > 1) {
  process.stderr.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.exitCode = await show(
    positionals[0] === undefined
      ? join(resolve(ROOT, process.env['DATA_DIR'] || '.data'), 'traces.ndjson')
      : resolve(positionals[0]),
  );
}

async function show(file: string): Promise<number> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    process.stderr.write(`There is no ${file}: start with --trace.\n`);
    return 2;
  }
  const spans = values.id === undefined ? await lastCheckoutIn(file) : await traceIn(file, values.id);
  if (spans.length === 0) {
    process.stderr.write(`${file} has no such trace yet; spans arrive within a second.\n`);
    return 1;
  }
  process.stdout.write(`${printSlowestPath(spans)}\n`);
  return 0;
}
