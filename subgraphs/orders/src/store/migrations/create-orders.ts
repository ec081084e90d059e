import { Migration } from '@mikro-orm/migrations';
import { messagingTables } from '@marketgraph/platform/postgres';

/** Amounts are minor units in the order's currency; statuses are the words of the schema. */
export class CreateOrders extends Migration {
  override up(): void {
    for (const statement of [...messagingTables, ...tables]) this.addSql(statement);
  }
}

/** The database refuses to change what has happened. */
export const APPEND_ONLY = ['order_history', 'tracking_event'];

const tables = [
  'create sequence order_number as bigint',

  `create table orders (
     id text primary key,
     number text unique,
     cart_id text not null,
     buyer_id text not null,
     payment_id text,
     status text not null,
     payment_status text not null,
     currency_code text not null,
     subtotal bigint not null,
     discount_total bigint not null,
     shipping_total bigint not null,
     tax_total bigint not null,
     total bigint not null,
     shipping_address jsonb not null,
     billing_address jsonb not null,
     purchase_order_number text,
     failure jsonb,
     placed_at timestamptz not null,
     confirmed_at timestamptz,
     updated_at timestamptz not null,
     version integer not null,
     check (total = subtotal - discount_total + shipping_total + tax_total),
     check (total >= 0)
   )`,
  'create index orders_buyer on orders (buyer_id, id desc)',
  'create index orders_status on orders (status, id desc)',
  'create index orders_confirmed_at on orders (confirmed_at) where confirmed_at is not null',

  `create table vendor_order (
     id text primary key,
     order_id text not null references orders,
     vendor_id text not null,
     position integer not null,
     number text unique,
     status text not null,
     delivery jsonb not null,
     subtotal bigint not null,
     discount_total bigint not null,
     shipping_total bigint not null,
     tax_total bigint not null,
     total bigint not null,
     confirmed_at timestamptz,
     delivered_at timestamptz,
     return_window_ends_at timestamptz,
     version integer not null,
     unique (order_id, vendor_id),
     check (total = subtotal - discount_total + shipping_total + tax_total)
   )`,
  'create index vendor_order_vendor on vendor_order (vendor_id, id desc) where confirmed_at is not null',
  'create index vendor_order_vendor_status on vendor_order (vendor_id, status, id desc) where confirmed_at is not null',
  'create index vendor_order_sales on vendor_order (vendor_id, confirmed_at) where confirmed_at is not null',

  `create table order_line (
     id text primary key,
     order_id text not null references orders,
     vendor_order_id text not null references vendor_order,
     position integer not null,
     offer_id text not null,
     product_id text not null,
     variant_id text not null,
     title text not null,
     sku text not null,
     quantity integer not null check (quantity > 0),
     unit_price bigint not null,
     discount bigint not null,
     line_total bigint not null,
     tax bigint not null,
     return_window_days integer not null,
     check (line_total = unit_price * quantity - discount)
   )`,
  'create index order_line_vendor_order on order_line (vendor_order_id, position)',
  'create index order_line_order on order_line (order_id)',

  `create table fulfillment (
     id text primary key,
     order_id text not null references orders,
     vendor_order_id text not null references vendor_order,
     status text not null,
     warehouse_id text,
     carrier text,
     tracking_number text,
     tracking_url text,
     label_url text,
     created_at timestamptz not null,
     shipped_at timestamptz,
     delivered_at timestamptz
   )`,
  'create index fulfillment_vendor_order on fulfillment (vendor_order_id, id)',
  'create index fulfillment_order on fulfillment (order_id)',

  `create table fulfillment_line (
     fulfillment_id text not null references fulfillment,
     line_id text not null references order_line,
     quantity integer not null check (quantity > 0),
     primary key (fulfillment_id, line_id)
   )`,
  'create index fulfillment_line_line on fulfillment_line (line_id)',

  `create table tracking_event (
     sequence bigint generated always as identity primary key,
     fulfillment_id text not null references fulfillment,
     at timestamptz not null,
     code text not null,
     description text not null,
     location text
   )`,
  'create index tracking_event_fulfillment on tracking_event (fulfillment_id, sequence)',

  `create table order_history (
     sequence bigint generated always as identity primary key,
     id text not null unique,
     order_id text not null references orders,
     type text not null,
     subject_id text not null,
     from_status text,
     to_status text not null,
     detail jsonb,
     actor_id text,
     at timestamptz not null
   )`,
  'create index order_history_order on order_history (order_id, sequence)',

  // One saga per order; its key is the client's, its cart can be in one checkout at a time.
  `create table checkout (
     order_id text primary key,
     cart_id text not null,
     principal text not null,
     idempotency_key text not null,
     input_hash text not null,
     content_hash text not null,
     status text not null,
     state jsonb not null,
     draft jsonb not null,
     payment_id text,
     attempts integer not null default 0,
     next_attempt_at timestamptz not null,
     deadline_at timestamptz not null,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     version integer not null default 1
   )`,
  'create unique index checkout_key on checkout (principal, idempotency_key)',
  `create unique index checkout_open_cart on checkout (cart_id) where status not in ('COMPLETED', 'FAILED')`,
  'create index checkout_cart on checkout (cart_id, created_at desc)',
  `create index checkout_due on checkout (next_attempt_at) where status not in ('COMPLETED', 'FAILED')`,

  // News of a payment whose checkout is not known here yet.
  `create table parked_payment (
     order_id text not null,
     event_id text not null,
     report jsonb not null,
     parked_at timestamptz not null,
     primary key (order_id, event_id)
   )`,

  `create table cart_backup (
     cart_id text primary key,
     buyer_id text,
     document jsonb not null,
     version integer not null,
     touched_at timestamptz not null
   )`,
  'create index cart_backup_buyer on cart_backup (buyer_id, touched_at desc) where buyer_id is not null',
  'create index cart_backup_touched on cart_backup (touched_at)',
];
