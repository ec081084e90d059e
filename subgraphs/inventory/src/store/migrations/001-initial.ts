import { Migration } from '@mikro-orm/migrations';
import { messagingTables } from '@marketgraph/platform/postgres';

export class Initial extends Migration {
  override up(): void {
    for (const statement of messagingTables) this.addSql(statement);
    this.addSql(`create table warehouse (
      id text primary key,
      code text not null,
      name text not null,
      region text not null,
      vendor_id text,
      address jsonb,
      created_at timestamptz not null default now(),
      unique nulls not distinct (vendor_id, code)
    )`);
    // One row per offer: who sells it, and the lock that every change of its stock takes first.
    this.addSql(`create table offer (
      offer_id text primary key,
      vendor_id text not null,
      sku text not null,
      variant_id text not null,
      low_stock_threshold integer not null default 5 check (low_stock_threshold >= 0),
      sequence bigint not null default 0
    )`);
    this.addSql('create index offer_vendor on offer (vendor_id, offer_id)');
    this.addSql('create index offer_variant on offer (variant_id)');
    this.addSql(`create table stock_level (
      id text primary key,
      offer_id text not null references offer,
      warehouse_id text not null references warehouse,
      on_hand integer not null check (on_hand >= 0),
      reserved integer not null default 0 check (reserved >= 0),
      version integer not null default 1,
      updated_at timestamptz not null default now(),
      unique (offer_id, warehouse_id),
      check (on_hand >= reserved)
    )`);
    this.addSql(`create table stock_movement (
      id text primary key,
      offer_id text not null,
      warehouse_id text not null,
      on_hand_delta integer not null,
      reserved_delta integer not null,
      reason text not null,
      reference_id text,
      actor_id text,
      at timestamptz not null default now()
    )`);
    this.addSql('create index stock_movement_level on stock_movement (offer_id, warehouse_id, id desc)');
    this.addSql(`create table reservation (
      id text primary key,
      cart_id text not null,
      request_key text not null unique,
      status text not null check (status in ('ACTIVE', 'CONFIRMED', 'RELEASED', 'EXPIRED')),
      expires_at timestamptz not null,
      created_at timestamptz not null default now()
    )`);
    this.addSql("create index reservation_due on reservation (expires_at) where status = 'ACTIVE'");
    this.addSql('create index reservation_cart on reservation (cart_id, created_at desc)');
    this.addSql(`create table reservation_line (
      reservation_id text not null references reservation,
      offer_id text not null,
      warehouse_id text not null,
      quantity integer not null check (quantity > 0),
      primary key (reservation_id, offer_id, warehouse_id)
    )`);
    this.addSql('create index reservation_line_offer on reservation_line (offer_id)');
  }
}
