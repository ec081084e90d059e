import { Migration } from '@mikro-orm/migrations';

/** Returns that are open: until they have ended their vendor is not paid. */
export class Migration0005ReturnHolds extends Migration {
  override up(): void {
    this.addSql('alter table settlement add column open_returns integer not null default 0 check (open_returns >= 0)');
    // What was heard last of each, so that older news changes nothing.
    this.addSql(`create table return_hold (
      return_id text primary key,
      vendor_order_id text not null,
      is_open boolean not null,
      sequence bigint not null,
      updated_at timestamptz not null
    )`);
    this.addSql('create index return_hold_open on return_hold (vendor_order_id) where is_open');
  }
}
