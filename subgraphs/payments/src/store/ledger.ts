import type { Ids } from '@marketgraph/platform/core';
import { type CursorKey, wholeNumber } from '@marketgraph/platform/graphql';
import type { EntityManager } from '@marketgraph/platform/postgres';
import {
  type AccountName,
  type Direction,
  type Journal,
  nameOf,
  nonNegativeKinds,
  normalSide,
} from '../domain/ledger.ts';
import { LedgerAccountRow } from './ledger.entity.ts';

/**
 * Books one fact, once: the unique `fact` of a journal makes a second booking
 * no rows. Balances are kept by the database as entries arrive, which locks their
 * accounts: entries go in in the order of the accounts' names, so that two
 * journals cannot wait for each other.
 */
export async function book(
  em: EntityManager,
  journal: Journal,
  { ids, now, paymentId }: { ids: Ids; now: Date; paymentId: string | null },
): Promise<boolean> {
  const journalId = ids.next('jrn');
  const ordered = journal.postings.toSorted((a, b) => (nameOf(a.account) < nameOf(b.account) ? -1 : 1));
  const entries = ordered.map(({ account, direction, amount }) => ({
    id: ids.next('len'),
    kind: account.kind,
    owner_id: account.ownerId,
    currency: account.currencyCode,
    direction,
    amount: amount.amount,
    amount_currency: amount.currencyCode,
  }));
  const [done] = await em.execute<{ booked: string; entered: string }[]>(
    `with journal as (
       insert into ledger_journal (id, fact, memo, payment_id, at) values (?, ?, ?, ?, ?)
       on conflict (fact) do nothing returning id),
     ${ENTERED} from posting, journal ${WHEN_COMPLETE})
     select (select count(*) from journal) as booked, (select count(*) from entered) as entered`,
    [
      ...[journalId, journal.fact, journal.memo, paymentId, now.toISOString()],
      ...[JSON.stringify(entries), journalId, now.toISOString(), entries.length],
    ],
  );
  if (Number(done?.booked) === 0) return false;
  if (Number(done?.entered) > 0) return true;
  for (const { account } of ordered) await openAccount(em, account, { ids, now });
  if (!(await enter(em, { journalId, entries, now }))) throw new Error(`No accounts for ${journal.fact}.`);
  return true;
}

/** All entries of a journal, in their order; none while one of the accounts is not there. */
const ENTERED = `posting as (
       select entry.id, account.id as account_id, entry.direction, entry.amount, entry.amount_currency, entry.place
         from rows from (jsonb_to_recordset(?::jsonb) as (id text, kind text, owner_id text, currency text,
           direction text, amount bigint, amount_currency text))
           with ordinality as entry(id, kind, owner_id, currency, direction, amount, amount_currency, place)
         join ledger_account account on account.kind = entry.kind and account.owner_id = entry.owner_id
          and account.currency = entry.currency),
     entered as (
       insert into ledger_entry (id, journal_id, account_id, direction, amount, currency, at)
       select posting.id, ?::text, account_id, direction, amount, amount_currency, ?::timestamptz`;
const WHEN_COMPLETE = `where (select count(*) from posting) = ?::int order by place returning 1`;

/** The entries of a journal that is there already; false, and none, while one of the accounts is not. */
async function enter(
  em: EntityManager,
  { journalId, entries, now }: { journalId: string; entries: readonly object[]; now: Date },
): Promise<boolean> {
  const entered = await em.execute<unknown[]>(`with ${ENTERED} from posting ${WHEN_COMPLETE}) select 1 from entered`, [
    JSON.stringify(entries),
    journalId,
    now.toISOString(),
    entries.length,
  ]);
  return entered.length > 0;
}

async function openAccount(
  em: EntityManager,
  { kind, ownerId, currencyCode }: AccountName,
  { ids, now }: { ids: Ids; now: Date },
): Promise<void> {
  await em.execute(
    `insert into ledger_account (id, kind, owner_id, currency, normal_side, is_non_negative, created_at)
     values (?, ?, ?, ?, ?, ?, ?) on conflict (kind, owner_id, currency) do nothing`,
    [ids.next('lac'), kind, ownerId, currencyCode, normalSide[kind], nonNegativeKinds.has(kind), now.toISOString()],
  );
}

export async function findLedgerAccounts(em: EntityManager, ids: readonly string[]): Promise<LedgerAccountRow[]> {
  return em.find(LedgerAccountRow, { id: { $in: [...ids] } });
}

/** The platform's own accounts in one currency: at most one per kind. */
export async function findPlatformAccounts(em: EntityManager, currency: string): Promise<LedgerAccountRow[]> {
  return em.find(LedgerAccountRow, { ownerId: '', currency }, { orderBy: { kind: 'asc' } });
}

export interface EntryRow {
  id: string;
  position: number;
  journalId: string;
  direction: Direction;
  amount: number;
  currency: string;
  at: Date;
  memo: string;
}

/** Newest first, one more than the page; index `ledger_entry_account`. */
export async function entriesOf(
  em: EntityManager,
  accountId: string,
  page: { limit: number; after?: CursorKey },
): Promise<EntryRow[]> {
  const before = page.after ? wholeNumber(page.after[0]) : Number.MAX_SAFE_INTEGER;
  const rows = await em.execute<
    Record<'id' | 'position' | 'journal_id' | 'direction' | 'amount' | 'currency' | 'at' | 'memo', string>[]
  >(
    `select entry.id, entry.position, entry.journal_id, entry.direction, entry.amount, entry.currency, entry.at, journal.memo
       from ledger_entry entry join ledger_journal journal on journal.id = entry.journal_id
      where entry.account_id = ? and entry.position < ?
      order by entry.position desc limit ?`,
    [accountId, before, page.limit + 1],
  );
  return rows.map((row) => ({
    id: row.id,
    position: Number(row.position),
    journalId: row.journal_id,
    direction: row.direction as Direction,
    amount: Number(row.amount),
    currency: row.currency,
    at: new Date(row.at),
    memo: row.memo,
  }));
}
