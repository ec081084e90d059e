import { Migration } from '@mikro-orm/migrations';
import { ALLOWANCE_PLACE } from '../allowances.ts';

/**
 * An allowance is counted in the tables of the offers, so that levels,
 * movements, reservations and the counter in front hold for it as they are. It
 * has no vendor, no SKU and no variant: whatever asks by one of these never
 * meets it.
 */
export class Allowances extends Migration {
  override up(): void {
    this.addSql(
      "alter table offer add column kind text not null default 'OFFER' check (kind in ('OFFER', 'ALLOWANCE'))",
    );
    for (const column of ['vendor_id', 'sku', 'variant_id']) {
      this.addSql(`alter table offer alter column ${column} drop not null`);
    }
    // What its owner allows, what has been given of it so far, and the last event that said so.
    this.addSql('alter table offer add column allowed integer check (allowed >= 0)');
    this.addSql('alter table offer add column granted integer check (granted >= 0)');
    this.addSql('alter table offer add column allowed_sequence bigint');
    this.addSql(`alter table offer add constraint offer_or_allowance check (case kind
      when 'OFFER' then num_nulls(vendor_id, sku, variant_id) = 0 and num_nonnulls(allowed, granted, allowed_sequence) = 0
      else num_nonnulls(vendor_id, sku, variant_id) = 0 and num_nulls(allowed, granted, allowed_sequence) = 0 end)`);
    // Levels have to be somewhere. No code that anybody may give to a warehouse looks like this one.
    this.addSql(
      `insert into warehouse (id, code, name, region) values ('${ALLOWANCE_PLACE}', '#allowances', 'Allowances', '')`,
    );
  }
}
