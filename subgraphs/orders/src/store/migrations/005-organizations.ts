import { Migration } from '@mikro-orm/migrations';

/** For whom an order was bought. */
export class Organizations extends Migration {
  override up(): void {
    this.addSql('alter table orders add column organization_id text');
  }
}
