import { Migration } from '@mikro-orm/migrations';

/** Keys of vendors' machines. Of the secret only its SHA-256 is here; a key that is revoked is gone. */
export class ApiKeys extends Migration {
  override up(): void {
    this.addSql(`create table api_key (
      id text primary key,
      vendor_id text not null references vendor,
      name text not null,
      scopes text[] not null,
      secret_hash text not null constraint api_key_secret unique,
      created_at timestamptz not null,
      expires_at timestamptz,
      last_used_at timestamptz
    )`);
    this.addSql('create index api_key_vendor on api_key (vendor_id, id desc)');
  }
}
