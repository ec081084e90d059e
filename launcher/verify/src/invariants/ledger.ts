import { finding, type Invariant, together } from '../invariant.ts';
import type { DatabaseName, StoreReaders } from '../store-readers.ts';

/** Minor units; money in PostgreSQL is bigint, which arrives as text. */
interface Sum {
  name: string;
  amount: string;
}

const SIGNED = "case direction when 'DEBIT' then amount else -amount end";

const balanced: Invariant = {
  id: 'I1',
  title: 'every journal entry, and each currency in total, sums to zero',
  async check({ rows }) {
    const [journals] = await rows<{ count: string }>('payments', 'select count(*) as count from ledger_journal');
    const broken = await rows<Sum>(
      'payments',
      `select j.id || ' ' || coalesce(e.currency, 'without entries') as name, coalesce(sum(${SIGNED}), 0) as amount
         from ledger_journal j left join ledger_entry e on e.journal_id = j.id
        group by j.id, e.currency having count(e.id) = 0 or sum(${SIGNED}) <> 0`,
    );
    const totals = await rows<Sum>(
      'payments',
      `select currency as name, sum(${SIGNED}) as amount from ledger_entry group by currency having sum(${SIGNED}) <> 0`,
    );
    return finding(Number(journals?.count ?? 0), [
      ...broken.map(({ name, amount }) => `journal ${name}: ${amount}`),
      ...totals.map(({ name, amount }) => `all entries in ${name}: ${amount}`),
    ]);
  },
};

/** Debits less credits of each currency in the books: what I1 says is 0, as a number to watch. */
export async function ledgerImbalances({ rows }: StoreReaders): Promise<[currency: string, minorUnits: number][]> {
  const sums = await rows<Sum>(
    'payments',
    `select currency as name, sum(${SIGNED}) as amount from ledger_entry group by currency order by currency`,
  );
  return sums.map(({ name, amount }) => [name, Number(amount)]);
}

/** Per database the tables whose rows are never changed by the application. */
const APPEND_ONLY: readonly [DatabaseName, readonly string[]][] = [
  ['payments', ['ledger_journal', 'ledger_entry', 'payment_transaction']],
  ['orders', ['order_history', 'tracking_event']],
  ['inventory', ['stock_movement']],
  ['accounts', ['audit_log']],
];

const appendOnly: Invariant = {
  id: 'I2',
  title: 'the application can neither change nor delete what is append-only',
  async check({ isAllowed }) {
    const tries = APPEND_ONLY.flatMap(([database, tables]) =>
      tables.flatMap((table) => [
        [database, `update ${table} set id = id where false`] as const,
        [database, `delete from ${table} where false`] as const,
        [database, `truncate ${table}`] as const,
      ]),
    ).map(
      ([database, sql]) =>
        [database, sql.replace('tracking_event set id = id', 'tracking_event set code = code')] as const,
    );
    const allowed: string[] = [];
    for (const [database, sql] of [
      ...tries,
      ['payments', 'update ledger_account set balance = 0 where false'] as const,
    ]) {
      if (await isAllowed(database, sql)) allowed.push(`${database} allows: ${sql}`);
    }
    return finding(tries.length + 1, allowed);
  },
};

const folded: Invariant = {
  id: 'I3',
  title: 'every stored balance is the sum of its entries, of every level the sum of its movements',
  async check(stores) {
    return together([await foldedAccounts(stores), await foldedLevels(stores)]);
  },
};

async function foldedAccounts({ rows }: StoreReaders) {
  const [accounts] = await rows<{ count: string }>('payments', 'select count(*) as count from ledger_account');
  const broken = await rows<Sum & { balance: string }>(
    'payments',
    `select a.kind || ' ' || a.owner_id || ' ' || a.currency as name, a.balance,
            coalesce(sum(case when e.direction = a.normal_side then e.amount else -e.amount end), 0) as amount
       from ledger_account a left join ledger_entry e on e.account_id = a.id
      group by a.id
     having a.balance <> coalesce(sum(case when e.direction = a.normal_side then e.amount else -e.amount end), 0)`,
  );
  return finding(
    Number(accounts?.count ?? 0),
    broken.map(({ name, balance, amount }) => `${name.trim()} stores ${balance}, its entries make ${amount}`),
  );
}

async function foldedLevels({ rows }: StoreReaders) {
  const [levels] = await rows<{ count: string }>('inventory', 'select count(*) as count from stock_level');
  const broken = await rows<{ name: string; stored: string; moved: string }>(
    'inventory',
    `select l.offer_id || ' in ' || l.warehouse_id as name, l.on_hand || '/' || l.reserved as stored,
            coalesce(sum(m.on_hand_delta), 0) || '/' || coalesce(sum(m.reserved_delta), 0) as moved
       from stock_level l left join stock_movement m on m.offer_id = l.offer_id and m.warehouse_id = l.warehouse_id
      group by l.id
     having l.on_hand <> coalesce(sum(m.on_hand_delta), 0) or l.reserved <> coalesce(sum(m.reserved_delta), 0)`,
  );
  return finding(
    Number(levels?.count ?? 0),
    broken.map(({ name, stored, moved }) => `${name} stores ${stored} on hand/reserved, its movements make ${moved}`),
  );
}

const neverNegative: Invariant = {
  id: 'I4',
  title: 'no account that must not be negative ever was, in the order of posting',
  async check({ rows }) {
    const [entries] = await rows<{ count: string }>(
      'payments',
      'select count(*) as count from ledger_entry e join ledger_account a on a.id = e.account_id where a.is_non_negative',
    );
    // Entries of one journal are one step.
    const broken = await rows<Sum>(
      'payments',
      `select name, min(running) as amount from (
         select a.kind || ' ' || a.owner_id || ' ' || a.currency as name,
                sum(sum(case when e.direction = a.normal_side then e.amount else -e.amount end))
                  over (partition by a.id order by max(e.position)) as running
           from ledger_entry e join ledger_account a on a.id = e.account_id
          where a.is_non_negative group by a.id, e.journal_id) steps
        where running < 0 group by name`,
    );
    return finding(
      Number(entries?.count ?? 0),
      broken.map(({ name, amount }) => `${name.trim()} was down to ${amount}`),
    );
  },
};

export const ledgerInvariants: readonly Invariant[] = [balanced, appendOnly, folded, neverNegative];
