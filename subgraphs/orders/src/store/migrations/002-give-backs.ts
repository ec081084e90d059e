import { Migration } from '@mikro-orm/migrations';

/** What has to go back to a buyer and on the shelf, and how far that is. */
export class GiveBacks extends Migration {
  override up(): void {
    this.addSql(`create table give_back (
      id text primary key,
      order_id text not null references orders,
      vendor_order_id text not null references vendor_order,
      return_id text,
      amount bigint,
      reason text not null,
      units jsonb not null,
      status text not null,
      state jsonb not null,
      attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      check (amount > 0)
    )`);
    // A part ends once, and each return is paid back once.
    this.addSql('create unique index give_back_part on give_back (vendor_order_id) where return_id is null');
    this.addSql('create unique index give_back_return on give_back (return_id) where return_id is not null');
    this.addSql(`create index give_back_due on give_back (next_attempt_at) where status not in ('DONE', 'FAILED')`);
  }
}
