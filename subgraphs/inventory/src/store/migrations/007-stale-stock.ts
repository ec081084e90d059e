import { Migration } from '@mikro-orm/migrations';
import { STALE_STATE } from '../stock-writes.ts';

/** A statement that finds other rows than those that were decided on says so itself: nobody has to wait for its answer before the commit. */
export class StaleStock extends Migration {
  override up(): void {
    this.addSql(`create function stale_stock(what text) returns integer language plpgsql as $$
      begin
        raise exception 'Other % than those that were decided on', what using errcode = '${STALE_STATE}';
      end $$`);
  }
}
