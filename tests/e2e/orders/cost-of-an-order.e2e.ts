import { until } from '@marketgraph/platform/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, registerBuyer, registerVendor, signIn } from '../../story/cast.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { buy, listProduct } from '../../support/shop.ts';
import { type SentStatements, watchStatements } from '../../support/sent-statements.ts';

/**
 * What an order asks of PostgreSQL, from the first addition to the last event it sets off: the part of its cost that
 * does not depend on the machine, but for the relays: a faster one may find the same events in more looks. Whoever makes it cheaper lowers the budget; whoever needs more says why.
 */
const BUDGET = { statements: 193, transactions: 28, trips: 80 };
const ORDERS = 4;
const SERVICES = ['accounts', 'inventory', 'orders', 'payments'];
/** Rounds of a look that every service makes by itself, as seldom as any that is made every few seconds. */
const IDLE_ROUNDS = 2;
const A_LOOK = 'orders: select exists (select 1 from outbox where published_at is null) as waits';

let marketplace: TestMarketplace;
let sent: SentStatements;
let buyer: Person;
let offerId: string;

beforeAll(async () => {
  sent = watchStatements(SERVICES);
  marketplace = await startTestMarketplace({ shape: 'monolith' });
  const { graph } = marketplace;
  const run = aRun();
  const operator = await signIn(graph, 'Olga', graph.operator);
  const vendor = await registerVendor(graph, { name: 'Frugal', run, operator, report: silentReport });
  ({ offerId } = await listProduct(vendor, operator, { title: 'Thing', sku: `thing-${run}`, units: 100 }));
  buyer = await registerBuyer(graph, 'Bea', run);
});
afterAll(async () => {
  await marketplace?.stop();
  sent?.stop();
});

/** Everything that was told has been heard: no event waits, neither ours nor the provider's. */
async function isQuiet(): Promise<boolean> {
  for (const database of SERVICES) {
    const url = new URL(marketplace.stores.postgres.superuserUrl!);
    url.pathname = `/${database}`;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      const waiting = ['select 1 from outbox where published_at is null'];
      if (database === 'payments') waiting.push("select 1 from webhook_event where status = 'PENDING'");
      if (database === 'accounts') waiting.push("select 1 from mail where state = 'WAITING'");
      for (const query of waiting) if ((await client.query(query)).rows.length > 0) return false;
    } finally {
      await client.end();
    }
  }
  return true;
}

const quiet = () => until(isQuiet, { what: 'everything to be told and heard', timeoutMs: 30_000 });

/** What begins and ends a transaction, whatever is in it. */
const isFrame = (text: string) => /: (begin|commit)$/.test(text);

describe('an order', () => {
  it('asks no more of PostgreSQL than its budget', async () => {
    await buy(marketplace.graph, buyer, [{ offerId, quantity: 1 }]);
    await quiet();
    sent.clear();
    await until(() => (sent.counts.get(A_LOOK) ?? 0) >= IDLE_ROUNDS, { what: 'rounds of idle looks' });
    const looks = new Set([...sent.counts.keys()].filter((text) => !isFrame(text)));

    sent.clear();
    for (let order = 0; order < ORDERS; order += 1) await buy(marketplace.graph, buyer, [{ offerId, quantity: 1 }]);
    await quiet();
    const spent = [...sent.counts].filter(([text]) => !looks.has(text));
    const sum = (of: typeof spent) => of.reduce((total, [, count]) => total + count, 0) / ORDERS;
    const trips = sent.trips.filter((texts) => texts.some((text) => !looks.has(text)));
    const cost = {
      statements: sum(spent),
      transactions: sum(spent.filter(([text]) => text.endsWith(': begin'))),
      trips: trips.length / ORDERS,
    };
    const most = spent.toSorted(([, a], [, b]) => b - a).map(([text, count]) => `${count / ORDERS} ${text}`);
    expect(cost.statements, most.join('\n')).toBeLessThanOrEqual(BUDGET.statements);
    expect(cost.transactions, most.join('\n')).toBeLessThanOrEqual(BUDGET.transactions);
    expect(cost.trips, most.join('\n')).toBeLessThanOrEqual(BUDGET.trips);
    // Less than this nobody can do: it counts what it should.
    expect(cost.transactions).toBeGreaterThan(8);
  });
});
