import { Migration } from '@mikro-orm/migrations';
import { messagingTables } from '@marketgraph/platform/postgres';

const PAYMENT_STATUSES =
  "'REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'PROCESSING', 'AUTHORIZED', 'PARTIALLY_CAPTURED', 'CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'FAILED', 'DISPUTED'";
const TRANSACTION_TYPES =
  "'AUTHORIZATION', 'CAPTURE', 'REFUND', 'VOID', 'CHARGEBACK', 'TRANSFER', 'TRANSFER_REVERSAL', 'PAYOUT', 'FEE'";

/** Payments, what happened to them, what vendors get of them, and what the provider told us. The ledger is next door. */
export class Migration0001Payments extends Migration {
  override up(): void {
    for (const statement of messagingTables) this.addSql(statement);

    this.addSql(`create table payment (
      id text primary key,
      order_id text not null unique,
      cart_id text not null,
      buyer_id text not null,
      description text not null,
      currency text not null check (currency ~ '^[A-Z]{3}$'),
      amount bigint not null check (amount > 0),
      status text not null check (status in (${PAYMENT_STATUSES})),
      authorized_amount bigint not null default 0,
      captured_amount bigint not null default 0,
      refunded_amount bigint not null default 0,
      gateway_reference text unique,
      client_secret text,
      create_tries integer not null default 0,
      create_tried_at timestamptz,
      method_kind text,
      method_brand text,
      method_last4 text check (method_last4 ~ '^[0-9]{4}$'),
      method_expiry text check (method_expiry ~ '^[0-9]{2}/[0-9]{4}$'),
      failure_code text,
      failure_message text,
      settle_plan jsonb,
      settled_at timestamptz,
      order_failed_at timestamptz,
      closed_at timestamptz,
      checks integer not null default 0,
      next_check_at timestamptz not null,
      version bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      check (amount >= authorized_amount and authorized_amount >= captured_amount
             and captured_amount >= refunded_amount and refunded_amount >= 0)
    )`);
    this.addSql('create index payment_cart on payment (cart_id, created_at desc)');
    this.addSql('create index payment_due on payment (next_check_at) where closed_at is null');

    this.addSql(`create table payment_transaction (
      id text primary key,
      position bigint generated always as identity unique,
      payment_id text references payment (id),
      order_id text,
      type text not null check (type in (${TRANSACTION_TYPES})),
      status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'ACTION_REQUIRED')),
      currency text not null,
      amount bigint not null check (amount >= 0),
      gateway_reference text not null,
      failure_code text,
      at timestamptz not null
    )`);
    this.addSql(
      'create unique index payment_transaction_gateway_reference on payment_transaction (gateway_reference, type, status)',
    );
    this.addSql('create index payment_transaction_payment on payment_transaction (payment_id, position)');
    this.addSql('create index payment_transaction_order on payment_transaction (order_id)');

    this.addSql(`create table commission_rule (
      id text primary key,
      name text not null,
      rate integer not null check (rate between 0 and 10000),
      fixed_amount bigint check (fixed_amount >= 0),
      fixed_currency text,
      vendor_id text,
      category_id text,
      priority integer not null,
      valid_from timestamptz,
      valid_until timestamptz,
      version bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      check ((fixed_amount is null) = (fixed_currency is null))
    )`);
    this.addSql('create index commission_rule_vendor on commission_rule (vendor_id)');
    this.addSql('create index commission_rule_category on commission_rule (category_id)');

    this.addSql(`create table settlement (
      id text primary key,
      payment_id text not null references payment (id),
      order_id text not null,
      vendor_order_id text not null unique,
      vendor_id text not null,
      currency text not null,
      gross bigint not null check (gross >= 0),
      commission bigint not null check (commission >= 0),
      commission_tax bigint not null check (commission_tax >= 0),
      net bigint not null check (net >= 0),
      commission_rate integer not null,
      commission_fixed bigint not null,
      commission_rule_id text,
      status text not null check (status in ('HELD', 'RELEASABLE', 'RELEASED', 'REVERSED', 'OFFSET')),
      release_at timestamptz,
      version bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      check (gross = commission + commission_tax + net)
    )`);
    this.addSql('create index settlement_payment on settlement (payment_id)');
    this.addSql('create index settlement_vendor on settlement (vendor_id, currency, status)');
    this.addSql("create index settlement_release on settlement (release_at) where status = 'HELD'");

    this.addSql(`create table payment_method (
      id text primary key,
      user_id text not null,
      kind text not null,
      brand text,
      last4 text check (last4 ~ '^[0-9]{4}$'),
      expiry text check (expiry ~ '^[0-9]{2}/[0-9]{4}$'),
      last_used_at timestamptz not null,
      unique nulls not distinct (user_id, kind, brand, last4, expiry)
    )`);

    this.addSql(`create table payout_account (
      id text primary key,
      vendor_id text not null unique,
      provider_reference text unique,
      status text not null check (status in ('PENDING', 'ACTIVE', 'RESTRICTED', 'REJECTED')),
      requirements jsonb not null default '[]',
      tries integer not null default 0,
      next_try_at timestamptz not null,
      version bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql('create index payout_account_to_open on payout_account (next_try_at) where provider_reference is null');

    this.addSql(`create table webhook_event (
      event_id text primary key,
      type text not null,
      object_id text,
      payment_id text,
      provider_created_at timestamptz not null,
      received_at timestamptz not null,
      status text not null check (status in ('PENDING', 'DONE', 'IGNORED', 'ABANDONED')),
      attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      handled_at timestamptz,
      last_error text
    )`);
    this.addSql("create index webhook_event_due on webhook_event (next_attempt_at) where status = 'PENDING'");
    this.addSql('create index webhook_event_received on webhook_event (received_at)');

    this.addSql(APPEND_ONLY_GUARD);
    for (const statement of appendOnly('payment_transaction')) this.addSql(statement);
  }
}

/** Privileges stop the application; this stops everybody else by mistake, the owner included. */
const APPEND_ONLY_GUARD = `
  create function refuse_change() returns trigger language plpgsql as $$
  begin
    raise exception 'rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
  end $$`;

export function appendOnly(table: string): string[] {
  return [
    `create trigger ${table}_append_only before update or delete on ${table} for each row execute function refuse_change()`,
    `create trigger ${table}_no_truncate before truncate on ${table} for each statement execute function refuse_change()`,
  ];
}
