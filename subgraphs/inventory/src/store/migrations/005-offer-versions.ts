import { Migration } from '@mikro-orm/migrations';

/** Which state of an offer the catalog has told of last: an older one that comes late is no news. */
export class OfferVersions extends Migration {
  override up(): void {
    this.addSql('alter table offer add column catalog_sequence bigint not null default 0');
  }
}
