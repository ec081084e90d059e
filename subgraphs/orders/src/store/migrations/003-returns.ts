import { Migration } from '@mikro-orm/migrations';

/** What buyers send back. Which units may be in a return is decided under the lock of their order. */
export class Returns extends Migration {
  override up(): void {
    this.addSql(`create table order_return (
      id text primary key,
      order_id text not null references orders,
      vendor_order_id text not null references vendor_order,
      status text not null,
      reason text not null,
      note text,
      tracking_number text,
      restock boolean,
      refund_amount bigint check (refund_amount >= 0),
      requested_at timestamptz not null,
      updated_at timestamptz not null,
      check ((status in ('RECEIVED', 'REFUNDED')) = (restock is not null and refund_amount is not null))
    )`);
    this.addSql('create index order_return_vendor_order on order_return (vendor_order_id, id)');
    this.addSql('create index order_return_order on order_return (order_id)');
    this.addSql(`create index order_return_approved on order_return (updated_at) where status = 'APPROVED'`);
    this.addSql(`create table order_return_line (
      return_id text not null references order_return,
      line_id text not null references order_line,
      quantity integer not null check (quantity > 0),
      primary key (return_id, line_id)
    )`);
    this.addSql('create index order_return_line_line on order_return_line (line_id)');
  }
}
