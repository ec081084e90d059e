import { Migration } from '@mikro-orm/migrations';

/** Refunds, payouts, and what the provider is asked to do for them. */
export class Migration0003Refunds extends Migration {
  override up(): void {
    this.addSql(
      'alter table payment add column refunding_amount bigint not null default 0 check (refunding_amount >= 0)',
    );
    this.addSql(
      'alter table payment add constraint payment_refunds_within check (captured_amount >= refunded_amount + refunding_amount)',
    );

    // A settlement's amounts are what is left after refunds; these are what they began with and what left.
    this.addSql(`alter table settlement
      add column captured_gross bigint, add column commission_base bigint, add column commission_tax_rate integer,
      add column refunding bigint not null default 0, add column payout_id text,
      add column released_at timestamptz, add column transfer_amount bigint not null default 0,
      add column transfer_reference text unique, add column transferred bigint not null default 0,
      add column reversed bigint not null default 0, add column offset_amount bigint not null default 0,
      add column release_problem text`);
    this.addSql(`update settlement s set captured_gross = gross,
      commission_tax_rate = case when commission = 0 then 0 else round(commission_tax * 10000.0 / commission)::int end,
      commission_base = coalesce((select (part->>'productTotal')::bigint from payment p, jsonb_array_elements(p.settle_plan) part
        where p.id = s.payment_id and part->>'vendorOrderId' = s.vendor_order_id), gross)`);
    this.addSql(`alter table settlement alter column captured_gross set not null, alter column commission_base set not null,
      alter column commission_tax_rate set not null,
      add check (captured_gross >= gross and commission_base between 0 and captured_gross),
      add check (refunding between 0 and gross), add check (transferred between 0 and transfer_amount),
      add check (reversed between 0 and transferred), add check (offset_amount >= 0)`);
    this.addSql("create index settlement_releasable on settlement (updated_at) where status = 'RELEASABLE'");
    this.addSql('create index settlement_payout on settlement (payout_id)');

    this.addSql(`create table refund (
      id text primary key,
      payment_id text not null references payment (id),
      order_id text not null,
      buyer_id text not null,
      vendor_order_id text,
      return_id text,
      currency text not null,
      amount bigint not null check (amount > 0),
      reason text not null,
      status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
      gateway_reference text unique,
      failure_code text,
      version bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql('create index refund_payment on refund (payment_id, id)');
    this.addSql('create index refund_order on refund (order_id, id)');

    this.addSql(`create table refund_part (
      id text primary key,
      refund_id text not null references refund (id),
      settlement_id text references settlement (id),
      vendor_order_id text,
      vendor_id text,
      amount bigint not null check (amount > 0),
      reversal_reference text
    )`);
    this.addSql('create index refund_part_refund on refund_part (refund_id)');
    this.addSql('create index refund_part_settlement on refund_part (settlement_id)');

    this.addSql(`create table payout (
      id text primary key,
      vendor_id text not null,
      currency text not null,
      amount bigint not null check (amount >= 0),
      status text not null check (status in ('PROCESSING', 'PAID', 'FAILED')),
      failure_reason text,
      arrived_at timestamptz,
      version bigint not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql('create index payout_vendor on payout (vendor_id, id desc)');

    this.addSql(`create table provider_operation (
      id text primary key,
      kind text not null check (kind in ('REFUND', 'TRANSFER', 'REVERSAL')),
      subject_id text not null,
      settlement_id text references settlement (id),
      payout_id text references payout (id),
      vendor_id text,
      currency text not null,
      amount bigint not null check (amount > 0),
      status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'HELD')),
      gateway_reference text,
      generation integer not null default 0,
      tries integer not null default 0,
      tried_at timestamptz,
      next_try_at timestamptz not null,
      last_error text,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )`);
    this.addSql("create index provider_operation_due on provider_operation (next_try_at) where status = 'PENDING'");
    this.addSql(
      "create index provider_operation_debt on provider_operation (vendor_id, currency) where kind = 'REVERSAL' and status = 'PENDING'",
    );
    this.addSql('create index provider_operation_payout on provider_operation (payout_id)');
    this.addSql('create index provider_operation_settlement on provider_operation (settlement_id)');
  }
}
