import { Migration } from '@mikro-orm/migrations';
import { appendOnly } from './0001-payments.ts';

/**
 * Double-entry books. The application may only insert and read. The database itself
 * keeps the balances and refuses a journal that does not sum to zero per
 * currency, a journal of fewer than two entries, an entry added to a journal
 * of an earlier transaction, and an account below zero that may not be.
 */
export class Migration0002Ledger extends Migration {
  override up(): void {
    this.addSql(`create table ledger_account (
      id text primary key,
      kind text not null check (kind in ('PLATFORM_CASH', 'BUYER_FUNDS_HELD', 'VENDOR_PAYABLE', 'PLATFORM_REVENUE',
                                         'TAX_PAYABLE', 'REFUNDS', 'CHARGEBACKS', 'FEES')),
      owner_id text not null,
      currency text not null check (currency ~ '^[A-Z]{3}$'),
      normal_side text not null check (normal_side in ('DEBIT', 'CREDIT')),
      is_non_negative boolean not null,
      balance bigint not null default 0,
      created_at timestamptz not null,
      unique (kind, owner_id, currency),
      constraint ledger_account_not_negative check (not is_non_negative or balance >= 0)
    )`);
    this.addSql(`create table ledger_journal (
      id text primary key,
      fact text not null unique,
      memo text not null,
      payment_id text references payment (id),
      at timestamptz not null,
      written_by xid8 not null default pg_current_xact_id()
    )`);
    this.addSql('create index ledger_journal_payment on ledger_journal (payment_id)');
    this.addSql(`create table ledger_entry (
      id text primary key,
      position bigint generated always as identity unique,
      journal_id text not null references ledger_journal (id),
      account_id text not null references ledger_account (id),
      direction text not null check (direction in ('DEBIT', 'CREDIT')),
      amount bigint not null check (amount > 0),
      currency text not null,
      at timestamptz not null
    )`);
    this.addSql('create index ledger_entry_journal on ledger_entry (journal_id)');
    this.addSql('create index ledger_entry_account on ledger_entry (account_id, position desc)');

    // Runs as the owner: the application has no right to touch a balance.
    this.addSql(`create function post_to_account() returns trigger language plpgsql security definer set search_path = public as $$
      begin
        update ledger_account
           set balance = balance + case when normal_side = new.direction then new.amount else -new.amount end
         where id = new.account_id and currency = new.currency;
        if not found then
          raise exception 'entry % is not in the currency of its account', new.id using errcode = 'check_violation';
        end if;
        if not exists (select 1 from ledger_journal where id = new.journal_id and written_by = pg_current_xact_id()) then
          raise exception 'journal % is closed', new.journal_id using errcode = 'check_violation';
        end if;
        return new;
      end $$`);
    this.addSql(
      'create trigger ledger_entry_posts after insert on ledger_entry for each row execute function post_to_account()',
    );

    // At commit, once all entries of the journal are there.
    this.addSql(`create function check_journal() returns trigger language plpgsql as $$
      begin
        if (select count(*) from ledger_entry where journal_id = new.id) < 2 or exists (
          select 1 from ledger_entry where journal_id = new.id
           group by currency
          having sum(case direction when 'DEBIT' then amount else -amount end) <> 0
        ) then
          raise exception 'journal % does not balance', new.id
            using errcode = 'check_violation', constraint = 'ledger_journal_balances';
        end if;
        return null;
      end $$`);
    this.addSql(`create constraint trigger ledger_journal_balances after insert on ledger_journal
      deferrable initially deferred for each row execute function check_journal()`);

    for (const table of ['ledger_journal', 'ledger_entry']) {
      for (const statement of appendOnly(table)) this.addSql(statement);
    }
    // Accounts change by entries alone, so only deleting is refused to everybody; privileges keep the application from updating.
    this.addSql(
      'create trigger ledger_account_kept before delete on ledger_account for each row execute function refuse_change()',
    );
  }
}
