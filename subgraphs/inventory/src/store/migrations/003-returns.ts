import { Migration } from '@mikro-orm/migrations';

/** What came back of a sale: once per return, and never more than was sold. Only ever added to. */
export class Returns extends Migration {
  override up(): void {
    this.addSql(`create table stock_return (
      id text primary key,
      reservation_id text not null references reservation,
      input_hash text not null,
      at timestamptz not null default now()
    )`);
    this.addSql('create index stock_return_reservation on stock_return (reservation_id)');
    this.addSql(`create table stock_return_line (
      return_id text not null references stock_return,
      offer_id text not null,
      warehouse_id text not null,
      quantity integer not null check (quantity > 0),
      primary key (return_id, offer_id, warehouse_id)
    )`);
  }
}
