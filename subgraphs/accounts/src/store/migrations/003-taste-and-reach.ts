import { Migration } from '@mikro-orm/migrations';

/** Who wants no results of their own; where a vendor is, where it ships to (null: everywhere), and whether it is Prime. */
export class TasteAndReach extends Migration {
  override up(): void {
    this.addSql('alter table account add column is_personalized boolean not null default true');
    this.addSql(
      `alter table vendor add column location jsonb, add column ships_to text[],
         add column is_prime_eligible boolean not null default false`,
    );
  }
}
