import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks, ON_REQUEST } from './benchmarks.ts';
import { machineFacts, type Outcome, printReport, printSummary, writeReport, writeSummary } from './measure/report.ts';

const USAGE = `Measures the marketplace, beside what cannot be had for less.

  pnpm bench [NAME …] [--long] [--sizes 1000,10000]

  NAME     one of: ${Object.keys(benchmarks({ isLong: false, say })).join(' ')}; without one all of them but ${[...ON_REQUEST].join(' ')}, in under 15 minutes
  --long   the sizes and times that figures worth keeping need: hours
  --sizes  numbers of products of the catalog, e.g. 1000,10000,100000

  Each writes bench/results/<date>-<name>.json, all together write bench/results/<date>.json.
`;

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: 'boolean', default: false },
    sizes: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const sizes = values.sizes?.split(',').map(Number);
if (values.help) {
  say(USAGE);
  process.exit(0);
}
if (sizes && !sizes.every((size) => Number.isInteger(size) && size > 0)) {
  process.stderr.write(`--sizes are numbers of products, e.g. 1000,10000; not ${values.sizes}\n`);
  process.exit(2);
}
const all = benchmarks({ isLong: values.long, sizes, say });
const unknown = wanted.filter((name) => !(name in all));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(all).join(', ')}\n`);
  process.exit(2);
}

const { cpu, cores, memoryGigabytes, node } = machineFacts();
say(`${cores} × ${cpu}, ${memoryGigabytes} GB, Node ${node}\n`);
const outcomes: Outcome[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(all).filter((name) => !ON_REQUEST.has(name))) {
  say(`\n▶ ${name}\n`);
  const begin = performance.now();
  const outcome: Outcome = { name, seconds: 0 };
  try {
    outcome.report = await all[name]!();
    say(`Written to ${relative(process.cwd(), await writeReport(outcome.report))}\n`);
  } catch (error) {
    // The others are still worth having; the end says which one is not there, and why.
    outcome.failure = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${error instanceof Error ? error.stack : outcome.failure}\n`);
  }
  outcome.seconds = (performance.now() - begin) / 1_000;
  outcomes.push(outcome);
}
for (const { report } of outcomes) if (report) printReport(report, say);
printSummary(outcomes, say);
if (wanted.length === 0) say(`Written to ${relative(process.cwd(), await writeSummary(outcomes))}\n`);
if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;

function say(text: string): void {
  process.stdout.write(text);
}
