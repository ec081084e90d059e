import { Migration } from '@mikro-orm/migrations';

/** Which way to pay the provider's intent is set to: cards, until the buyer chooses another. */
export class Migration0007OfferedMethods extends Migration {
  override up(): void {
    this.addSql("alter table payment add column offered_kind text not null default 'CARD'");
  }
}
