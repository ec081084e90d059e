import { Migration } from '@mikro-orm/migrations';

/** For whom the provider keeps ways to pay. The ways themselves are with the provider alone. */
export class Migration0004SavedMethods extends Migration {
  override up(): void {
    this.addSql(`create table payment_customer (
      user_id text primary key,
      provider_reference text not null unique,
      created_at timestamptz not null
    )`);
  }
}
