import { Migration } from '@mikro-orm/migrations';

export class SyncAndDestinations extends Migration {
  override up(): void {
    // Which version of a vendor's own system a level has taken over: an older one is never taken over later.
    this.addSql(`create table stock_sync (
      offer_id text not null references offer,
      warehouse_id text not null references warehouse,
      source text not null,
      source_version bigint not null,
      primary key (offer_id, warehouse_id, source)
    )`);
    this.addSql('create index offer_vendor_sku on offer (vendor_id, sku)');
    // Where a reservation goes to: it may have to be allocated anew when the buyer pays late.
    this.addSql('alter table reservation add column ship_to jsonb');
  }
}
