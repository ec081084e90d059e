import { Migration } from '@mikro-orm/migrations';

/** Money that buyers' banks take back. */
export class Migration0008Disputes extends Migration {
  override up(): void {
    this.addSql(`create table payment_dispute (
      id text primary key,
      payment_id text not null references payment (id),
      gateway_reference text not null unique,
      currency text not null,
      amount bigint not null check (amount >= 0),
      withdrawn bigint not null default 0,
      fee bigint not null default 0,
      status text not null check (status in ('OPEN', 'WON', 'LOST')),
      shared_at timestamptz check (shared_at is null or status = 'LOST'),
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql('create index payment_dispute_payment on payment_dispute (payment_id)');
    // A lost dispute gives the buyer money back as a refund does; its parts are kept as one.
    this.addSql('alter table refund add column dispute_id text unique references payment_dispute (id)');
    this.addSql(
      'alter table settlement add column open_disputes integer not null default 0 check (open_disputes >= 0)',
    );
  }
}
