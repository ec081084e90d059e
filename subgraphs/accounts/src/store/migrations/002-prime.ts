import { Migration } from '@mikro-orm/migrations';

/** Who is a Prime buyer. */
export class Prime extends Migration {
  override up(): void {
    this.addSql('alter table account add column is_prime boolean not null default false');
  }
}
