import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as operations from '@marketgraph/schema/generated/operations';
import { DEMO_OPERATOR } from '../demo/accounts.ts';
import { type Account, done, openAccount } from '../demo/account.ts';
import { progressBar } from '../import/progress-bar.ts';

const USAGE = `Makes the search index anew from its sources, and shows how far it has come. Searches go on meanwhile.

  pnpm search:reindex               a new version beside the one that answers, and live when it is complete
  pnpm search:reindex --rollback    the version before is live again, at once
  --reason TEXT                     for the log
  --email E                         an operator; also OPERATOR_EMAIL (that of the demo)
                                    the password is read from OPERATOR_PASSWORD; absent, it is that of the demo accounts
  --graph URL                       the marketplace (GRAPH_URL, http://localhost:4000)

  Ctrl-C stops watching; the rebuild goes on by itself. Ends with 0 when another version is live, 2 when not.
`;

const LOOK_EVERY_MS = 200;

type Status = operations.SearchVersionsQuery['searchIndex'];

const { values } = parseArgs({
  options: {
    rollback: { type: 'boolean', default: false },
    reason: { type: 'string', default: 'pnpm search:reindex' },
    email: { type: 'string', default: process.env['OPERATOR_EMAIL'] ?? DEMO_OPERATOR.email },
    graph: { type: 'string', default: process.env['GRAPH_URL'] ?? 'http://localhost:4000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const statusOf = async (account: Account): Promise<Status> =>
  (await account.ask(operations.SearchVersionsDocument, {})).searchIndex;

async function run(): Promise<void> {
  const password = process.env['OPERATOR_PASSWORD'];
  const account = await openAccount(values.graph.replace(/\/+$/, ''), {
    ...{ email: values.email, ...(password ? { password } : {}) },
  });
  const before = await statusOf(account);
  if (values.rollback) return rollBack(account, before);
  const { searchReindex } = await account.ask(operations.SearchReindexDocument, { reason: values.reason });
  done('The rebuild', searchReindex);
  const { version, documentCount } = await watch(account, before);
  process.stdout.write(`${version} is live, with ${documentCount} products\n`);
}

/** Until another version is live; what is counted is what it holds of as many products as the one before. */
async function watch(account: Account, before: Status): Promise<Status['versions'][number]> {
  const bar = progressBar(process.stderr);
  const total = before.versions.find(({ isLive }) => isLive)?.documentCount ?? 0;
  const known = new Set(before.versions.map(({ version }) => version));
  for (;;) {
    const { liveVersion, versions } = await statusOf(account);
    const made = versions.find(({ version }) => !known.has(version));
    const count = made?.documentCount ?? 0;
    bar.show(count === 0 ? 'reading the sources' : `products in ${made!.version}`, count, Math.max(total, count, 1));
    if (made && liveVersion === made.version) {
      bar.end();
      return made;
    }
    await pause(LOOK_EVERY_MS);
  }
}

async function rollBack(account: Account, { versions }: Status): Promise<void> {
  const other = versions.find(({ isLive }) => !isLive);
  if (!other) throw new Error('There is no other version to go back to.');
  const begin = performance.now();
  const { searchIndexRollback } = await account.ask(operations.SearchIndexRollbackDocument, { version: other.version });
  done('The rollback', searchIndexRollback);
  const elapsedMs = Math.round(performance.now() - begin);
  process.stdout.write(`${other.version} is live again, with ${other.documentCount} products, after ${elapsedMs} ms\n`);
}

if (values.help) process.stderr.write(USAGE);
else {
  process.once('SIGINT', () => {
    process.stderr.write('\nThe rebuild goes on by itself.\n');
    process.exit(130);
  });
  try {
    await run();
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
