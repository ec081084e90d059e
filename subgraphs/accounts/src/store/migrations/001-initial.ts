import { messagingTables } from '@marketgraph/platform/postgres';
import { Migration } from '@mikro-orm/migrations';

export class Initial extends Migration {
  override up(): void {
    for (const statement of messagingTables) this.addSql(statement);
    // Trusted since PostgreSQL 13: the database's owner may create it.
    this.addSql('create extension if not exists pg_trgm');
    // `email_key` is the address case-folded: its index is what makes a registration win or lose.
    this.addSql(`create table account (
      id text primary key,
      email text not null,
      email_key text not null constraint account_email_key unique,
      display_name text,
      locale text,
      preferences jsonb not null default '{}',
      granted_roles text[] not null default '{BUYER}',
      notification_channels text[] not null default '{EMAIL,IN_APP}',
      muted_topics text[] not null default '{}',
      event_sequence bigint not null default 0,
      created_at timestamptz not null
    )`);
    // Apart from the account, so that no read of accounts can carry it along.
    this.addSql(`create table credential (
      user_id text primary key references account on delete cascade,
      password_hash text not null,
      changed_at timestamptz not null
    )`);
    this.addSql(`create table session (
      id text primary key,
      user_id text not null references account on delete cascade,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      revoked_at timestamptz,
      revoked_because text
    )`);
    this.addSql('create index session_of_user on session (user_id)');
    this.addSql('create index session_expires_at on session (expires_at)');
    this.addSql('create index session_revoked_at on session (revoked_at) where revoked_at is not null');
    // Tokens themselves are nowhere: `sealed_successor` opens only with the token that was exchanged for it.
    this.addSql(`create table refresh_token (
      token_hash text primary key,
      session_id text not null references session on delete cascade,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      successor_hash text,
      sealed_successor text
    )`);
    // Two live tokens in one family cannot even be written.
    this.addSql('create unique index refresh_token_live on refresh_token (session_id) where used_at is null');
    this.addSql('create index refresh_token_session on refresh_token (session_id)');
    this.addSql(`create table organization (
      id text primary key,
      name text not null,
      type text not null check (type in ('BUYER', 'SELLER')),
      tax_id text,
      created_at timestamptz not null
    )`);
    this.addSql('create index organization_name on organization (lower(name))');
    this.addSql(`create table membership (
      id text primary key,
      user_id text not null references account on delete cascade,
      organization_id text not null references organization,
      role text not null,
      created_at timestamptz not null,
      unique (user_id, organization_id)
    )`);
    this.addSql('create index membership_organization on membership (organization_id, id)');
    this.addSql(`create table vendor (
      id text primary key,
      organization_id text not null constraint vendor_organization unique references organization,
      owner_user_id text not null constraint vendor_owner unique references account,
      handle text not null constraint vendor_handle unique,
      business_name text not null,
      description text,
      address jsonb not null,
      status text not null,
      kyc_status text not null,
      version integer not null default 1,
      created_at timestamptz not null
    )`);
    // Searched often and written seldom: writes go straight into the index, so that no search has a list to walk beside it.
    this.addSql(
      'create index vendor_business_name_trgm on vendor using gin (lower(business_name) gin_trgm_ops) with (fastupdate = off)',
    );
    this.addSql('create index vendor_listing on vendor (lower(business_name), id)');
    this.addSql(`create table kyc_document (
      id text primary key,
      vendor_id text not null references vendor,
      kind text not null,
      upload_id text not null,
      submitted_at timestamptz not null
    )`);
    this.addSql('create index kyc_document_vendor on kyc_document (vendor_id)');
    this.addSql(`create table address (
      id text primary key,
      user_id text references account on delete cascade,
      organization_id text references organization,
      label text,
      is_default_shipping boolean not null default false,
      is_default_billing boolean not null default false,
      address jsonb not null,
      created_at timestamptz not null,
      check ((user_id is null) <> (organization_id is null))
    )`);
    this.addSql('create index address_user on address (user_id, id)');
    this.addSql('create index address_organization on address (organization_id, id)');
    this.addSql('create unique index address_default_shipping on address (user_id) where is_default_shipping');
    this.addSql('create unique index address_default_billing on address (user_id) where is_default_billing');
    this.addSql(`create table notification (
      id text primary key,
      user_id text not null references account on delete cascade,
      topic text not null,
      title text not null,
      body text not null,
      channels text[] not null,
      subject_id text,
      once_key text not null,
      read_at timestamptz,
      created_at timestamptz not null,
      unique (user_id, once_key)
    )`);
    this.addSql("create index notification_inbox on notification (user_id, id desc) where 'IN_APP' = any(channels)");
    this.addSql(`create table mail (
      id text primary key references notification on delete cascade,
      recipient text not null,
      subject text not null,
      body text not null,
      state text not null default 'WAITING' check (state in ('WAITING', 'SENT', 'DEAD')),
      attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      last_error text
    )`);
    this.addSql("create index mail_waiting on mail (next_attempt_at) where state = 'WAITING'");
    // Numbered without gaps, each row holding the hash of the one before: a row that is gone or changed shows.
    this.addSql(`create table audit_log (
      sequence bigint primary key,
      id text not null unique,
      actor_id text,
      action text not null,
      subject_id text not null,
      before jsonb,
      after jsonb,
      at timestamptz not null,
      request_id text,
      hash text not null,
      previous_hash text
    )`);
    this.addSql('create index audit_log_subject on audit_log (subject_id, sequence desc)');
    this.addSql('create index audit_log_actor on audit_log (actor_id, sequence desc)');
    this.addSql('create index audit_log_action on audit_log (action, sequence desc)');
    this.addSql('create index audit_log_at on audit_log (at)');
  }
}
