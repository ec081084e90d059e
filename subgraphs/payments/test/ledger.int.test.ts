import fc from 'fast-check';
import { money } from '@marketgraph/platform/core';
import { inTransaction, openDatabase } from '@marketgraph/platform/postgres';
import { aUser, silentLog } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookCapture, bookRefund, bookRelease, bookTransfer, type Journal, journal } from '../src/domain/ledger.ts';
import { book } from '../src/store/ledger.ts';
import {
  anAuthorizedPayment,
  aPart,
  ids,
  type Marketplace,
  operator,
  settle,
  startMarketplace,
} from './marketplace.ts';

let shop: Marketplace;
beforeAll(async () => {
  shop = await startMarketplace();
});
afterAll(async () => {
  await shop?.stop();
});

const write = (entry: Journal) =>
  inTransaction(shop.orm, (em) => book(em, entry, { ids, now: new Date(), paymentId: null }));

/** I1 and I3, asked of the database itself. */
async function expectBooksToBalance(): Promise<void> {
  const unbalanced = await shop.sql(
    `select journal_id, currency from ledger_entry group by 1, 2
     having sum(case direction when 'DEBIT' then amount else -amount end) <> 0`,
  );
  expect(unbalanced).toEqual([]);
  const off = await shop.sql(
    `select account.kind, account.balance, coalesce(sum(case when entry.direction = account.normal_side then entry.amount else -entry.amount end), 0) as fold
       from ledger_account account left join ledger_entry entry on entry.account_id = account.id
      group by account.id having account.balance <> coalesce(sum(case when entry.direction = account.normal_side then entry.amount else -entry.amount end), 0)`,
  );
  expect(off).toEqual([]);
}

const eur = (amount: number) => money(amount, 'EUR');

describe('P10 the books in the database', () => {
  it('P10 I1 I3 balance after any sequence of facts, written at the same time and twice', async () => {
    const step = fc.record({
      kind: fc.constantFrom('capture', 'release', 'refund', 'transfer'),
      amount: fc.integer({ min: 1, max: 1_000_000 }),
      currency: fc.constantFrom('EUR', 'USD'),
      vendor: fc.constantFrom('ven_a', 'ven_b', 'ven_c'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (sequence) => {
        const entries = sequence.map(({ kind, amount, currency, vendor }) => {
          const total = money(amount, currency);
          const id = ids.next('fact');
          if (kind === 'capture') return bookCapture(id, total, 'ch');
          if (kind === 'refund') return bookRefund(id, total, [{ from: 'HELD', amount: total }]);
          if (kind === 'transfer') return bookTransfer(id, vendor, total);
          const commission = money(Math.floor(amount / 10), currency);
          const net = money(amount - commission.amount, currency);
          return bookRelease({
            id,
            vendorId: vendor,
            gross: total,
            commission,
            commissionTax: money(0, currency),
            net,
          });
        });
        // What would take an account below zero is refused as a whole; all else is booked once.
        const outcomes = await Promise.allSettled([...entries, ...entries].map(write));
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(String(outcome.reason)).toMatch(/ledger_account_not_negative/);
        }
        const facts = entries.map(({ fact }) => fact);
        const booked = await shop.sql<{ fact: string }>(
          'select fact from ledger_journal where fact in (select value from jsonb_array_elements_text(?::jsonb) as value)',
          [JSON.stringify(facts)],
        );
        const wrote = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value);
        expect(booked).toHaveLength(wrote.length);
        await expectBooksToBalance();
      }),
      { numRuns: 40 },
    );
    const negative = await shop.sql('select 1 from ledger_account where is_non_negative and balance < 0');
    expect(negative).toEqual([]);
  });

  it('P10 a capture credits the held funds of buyers, and the fold of its entries is the balance', async () => {
    const before = await balances();
    const { id } = await anAuthorizedPayment(shop);
    await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] });
    const after = await balances();
    const fee = after['FEES']! - (before['FEES'] ?? 0);
    expect(fee).toBe(320);
    expect(after['PLATFORM_CASH']! - (before['PLATFORM_CASH'] ?? 0)).toBe(10_000 - fee);
    expect(after['BUYER_FUNDS_HELD']! - (before['BUYER_FUNDS_HELD'] ?? 0)).toBe(10_000);
    await expectBooksToBalance();
  });

  it('P10 I2 no entry, journal or account is changed or removed by the service, and no balance written by hand', async () => {
    await write(bookCapture(ids.next('pay'), eur(100), 'ch'));
    for (const statement of [
      'update ledger_entry set amount = 1',
      'delete from ledger_entry',
      'truncate ledger_entry',
      "update ledger_journal set memo = 'x'",
      'delete from ledger_journal',
      'update ledger_account set balance = 0',
      'delete from ledger_account',
    ]) {
      await expect(shop.sql(statement), statement).rejects.toThrow(/permission denied/);
    }
  });

  it('P10 I2 not even the owner of the tables changes an entry by mistake', async () => {
    const owner = await openDatabase({
      url: shop.config.migrationDatabaseUrl,
      entities: [],
      log: silentLog,
      applicationName: 'owner',
    });
    try {
      for (const statement of [
        'update ledger_entry set amount = 1',
        'delete from ledger_journal',
        'truncate payment_transaction',
      ]) {
        await expect(owner.em.fork().execute(statement), statement).rejects.toThrow(/never changed|foreign key/);
      }
    } finally {
      await owner.close();
    }
  });

  it.each<[string, string[], RegExp]>([
    ['that does not balance', ["('DEBIT', 100)", "('CREDIT', 99)"], /does not balance/],
    ['of one entry', ["('DEBIT', 100)"], /does not balance/],
    ['without entries', [], /does not balance/],
    ['with a negative amount', ["('DEBIT', -5)", "('CREDIT', -5)"], /ledger_entry_amount_check/],
  ])('P10 the database itself refuses a journal %s', async (_, entries, message) => {
    await write(bookCapture(ids.next('pay'), eur(100), 'ch'));
    const attempt = inTransaction(shop.orm, async (em) => {
      const journalId = ids.next('jrn');
      await em.execute("insert into ledger_journal (id, fact, memo, at) values (?, ?, 'x', now())", [
        journalId,
        journalId,
      ]);
      for (const entry of entries) {
        await em.execute(
          `insert into ledger_entry (id, journal_id, account_id, direction, amount, currency, at)
           select ?, ?, (select id from ledger_account where kind = 'PLATFORM_CASH' and currency = 'EUR'), direction, amount, 'EUR', now()
             from (values ${entry}) as given (direction, amount)`,
          [ids.next('len'), journalId],
        );
      }
    });
    await expect(attempt).rejects.toThrow(message);
  });

  it('P10 the database refuses an entry in another currency than its account, and one added to a closed journal', async () => {
    await write(bookCapture(ids.next('pay'), eur(100), 'ch'));
    const add = (currency: string) =>
      shop.sql(
        `insert into ledger_entry (id, journal_id, account_id, direction, amount, currency, at)
         select ?, (select id from ledger_journal limit 1), id, 'DEBIT', 1, ?, now() from ledger_account where kind = 'PLATFORM_CASH' and currency = 'EUR'`,
        [ids.next('len'), currency],
      );
    await expect(add('USD')).rejects.toThrow(/not in the currency/);
    await expect(add('EUR')).rejects.toThrow(/is closed/);
  });

  it('P10 I4 held money is never paid out twice, not even at the same time', async () => {
    const currency = 'CHF';
    const chf = (amount: number) => money(amount, currency);
    await write(bookCapture(ids.next('pay'), chf(1_000), 'ch'));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        write(bookRefund(ids.next('rfd'), chf(600), [{ from: 'HELD', amount: chf(600) }])),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(journal('x', 'x', bookCapture('p', chf(1), 'c').postings).postings).toHaveLength(2);
    await expectBooksToBalance();
  });
});

describe('what operators read of the books', () => {
  const ACCOUNTS = 'query { ledgerAccounts(currencyCode: "EUR") { id kind balance { amount currencyCode } } }';
  const ENTRIES = `query($id: ID!, $first: Int, $after: String) { ledgerAccount(id: $id) { kind entries(first: $first, after: $after) {
    edges { node { id direction amount { amount } memo transactionId } } pageInfo { hasNextPage endCursor } } } }`;

  it('every entry of an account once, page by page, newest first', async () => {
    for (let entry = 0; entry < 5; entry += 1) await write(bookCapture(ids.next('pay'), eur(entry + 1), 'ch'));
    const { ledgerAccounts } = await shop.run<{ ledgerAccounts: { id: string; kind: string }[] }>(operator, ACCOUNTS);
    const { id } = ledgerAccounts.find(({ kind }) => kind === 'BUYER_FUNDS_HELD')!;
    const [{ count }] = (await shop.sql<{ count: string }>(
      'select count(*) as count from ledger_entry where account_id = ?',
      [id],
    )) as [{ count: string }];
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: {
        ledgerAccount: {
          entries: { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
        };
      } = await shop.run(operator, ENTRIES, { id, first: 7, after });
      const { edges, pageInfo } = page.ledgerAccount.entries;
      seen.push(...edges.map(({ node }) => node.id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    expect(new Set(seen).size).toBe(Number(count));
    expect(seen).toHaveLength(Number(count));
  });

  it('nobody else reads them, and a malformed cursor is a typed error', async () => {
    const { ledgerAccounts } = await shop.run<{ ledgerAccounts: { id: string }[] }>(operator, ACCOUNTS);
    const { id } = ledgerAccounts[0]!;
    expect(await shop.run(aUser(), ENTRIES, { id })).toEqual({ ledgerAccount: null });
    expect((await shop.execute(aUser(), ACCOUNTS)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    for (const variables of [
      { id, after: 'nonsense' },
      { id, first: 101 },
      { id, first: 0 },
    ]) {
      expect((await shop.execute(operator, ENTRIES, variables)).errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    }
  });
});

async function balances(): Promise<Record<string, number>> {
  const rows = await shop.sql<{ kind: string; balance: string }>(
    "select kind, balance from ledger_account where currency = 'EUR' and owner_id = ''",
  );
  return Object.fromEntries(rows.map((row) => [row.kind, Number(row.balance)]));
}
