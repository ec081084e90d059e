import { Migration } from '@mikro-orm/migrations';

/** What codes took off an order, per part, and who has used which how often. */
export class Promotions extends Migration {
  override up(): void {
    this.addSql(`create table order_promotion (
      order_id text not null references orders,
      vendor_order_id text not null references vendor_order,
      promotion_id text not null,
      position integer not null,
      code text not null,
      name text not null,
      amount bigint not null check (amount >= 0),
      shipping_amount bigint not null check (shipping_amount >= 0),
      primary key (vendor_order_id, promotion_id)
    )`);
    this.addSql('create index order_promotion_order on order_promotion (order_id)');
    // Without a reference to the order: a use is taken before the order is placed.
    this.addSql(`create table promotion_use (
      buyer_id text not null,
      promotion_id text not null,
      order_id text not null,
      cart_id text not null,
      primary key (buyer_id, promotion_id, order_id)
    )`);
    this.addSql('create index promotion_use_order on promotion_use (order_id)');
  }
}
