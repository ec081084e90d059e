import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { emptyDataFolder } from '@marketgraph/stores';
import colors from 'picocolors';
import { printBanner } from './banner.ts';
import { readCopies } from './copies.ts';
import { DEMO_OPERATOR } from './demo/accounts.ts';
import { sentenceFor } from './failure.ts';
import { startMarketplace } from './launcher.ts';
import { externalStores } from './external.ts';
import { checkPort, metricsPort } from './port.ts';
import { verifyTime } from './nightly-verify.ts';
import { isProduction } from './production.ts';
import { stepPrinter } from './progress.ts';
import { watchStarters } from './starters.ts';

const USAGE = `Starts the marketplace: stores, seven subgraphs and the gateway.

  pnpm start [--processes] [--copies orders=2,gateway=2] [--fresh] [--no-demo] [--trace [FILE]]

  --processes   one process per subgraph and the gateway, instead of one for all
  --copies      so many processes of these services, and of the others one (implies --processes; also COPIES)
  --fresh       empties the data folder first
  --no-demo     starts without demo data
  --trace       writes what everything takes to FILE (traces.ndjson in the data folder); pnpm trace shows it.
                OTEL_EXPORTER_OTLP_ENDPOINT and OpenTelemetry's other variables send it to a collector

  PORT (4000), HOST (127.0.0.1), DATA_DIR (.data),
  MARKETGRAPH_CACHE_DIR (.cache/marketgraph: programs that were downloaded); DATABASE and other store URLs: see the README.
  VERIFY_AT (none): the time of day (UTC, e.g. 03:00) at which the invariants are verified; VERIFY_METRICS_PORT serves the outcome.
  METRICS_PORT (none): /metrics on the loopback; with --processes each process has one of the ports from there on.
`;

const ROOT = resolve(import.meta.dirname, '..', '..');
const STARTER_CHECK_MS = 250;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      processes: { type: 'boolean', default: false },
      copies: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      'no-demo': { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const begin = performance.now();
  const port = Number(process.env['PORT'] || 4000);
  const host = process.env['HOST'] ?? '127.0.0.1';
  const dataDir = resolve(ROOT, process.env['DATA_DIR'] ?? '.data');
  const copies = readCopies(values.copies ?? process.env['COPIES'] ?? '');
  const production = isProduction(process.env, { demo: !values['no-demo'] });
  const verifyAt = verifyTime(process.env);
  await checkPort(port, host);
  if (values.fresh) emptyDataFolder(dataDir);

  const onStep = stepPrinter(begin);
  const starting = startMarketplace({
    shape: values.processes || Object.keys(copies).length > 0 ? 'processes' : 'monolith',
    copies,
    port,
    host,
    dataDir,
    cacheDir: resolve(ROOT, process.env['MARKETGRAPH_CACHE_DIR'] ?? join('.cache', 'marketgraph')),
    external: externalStores(process.env),
    settings: process.env,
    production,
    operator: values['no-demo'] ? undefined : DEMO_OPERATOR,
    verifyAt,
    metricsPort: metricsPort(process.env),
    traceFile: traceFile(values.trace, positionals, dataDir),
    onStep,
  });
  stopWith(starting);
  const marketplace = await starting;
  if (!values['no-demo']) {
    // Loaded only here: it brings a client of the graph with all operations, and one of the payment provider.
    const { loadDemo } = await import('./demo/demo.ts');
    await loadDemo(marketplace, { dataDir, onStep });
  }
  printBanner(marketplace, { demo: !values['no-demo'], startedInMs: performance.now() - begin });
}

function traceFile(isWanted: boolean, positionals: readonly string[], dataDir: string): string | undefined {
  if (positionals.length > (isWanted ? 1 : 0))
    throw new RangeError(`"${positionals.at(-1)}" is not understood: see --help.`);
  if (!isWanted) return undefined;
  return positionals[0] === undefined ? join(dataDir, 'traces.ndjson') : resolve(positionals[0]);
}

/** One Ctrl-C is enough, and so is the end of whoever started this: nothing is left running. */
function stopWith(starting: Promise<{ stop(): Promise<void> }>): void {
  let ending = false;
  const end = (code: number) => {
    if (ending) return;
    ending = true;
    process.stdout.write(`\n${colors.dim('Stopping …')}\n`);
    starting
      .then((marketplace) => marketplace.stop())
      .then(
        () => process.exit(code),
        () => process.exit(1),
      );
  };
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));
  process.on('SIGHUP', () => end(0));
  const starters = watchStarters();
  setInterval(() => starters.areGone() && end(1), STARTER_CHECK_MS).unref();
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\n${colors.red('Could not start.')} ${sentenceFor(error)}\n`);
  process.exit(1);
}
