import { Migration } from '@mikro-orm/migrations';

/** What the provider kept of each charge. Payments of before are looked at once more, which books theirs. */
export class Migration0006Fees extends Migration {
  override up(): void {
    this.addSql('alter table payment add column fee_amount bigint check (fee_amount between 0 and captured_amount)');
    this.addSql(
      'update payment set closed_at = null, checks = 0, next_check_at = now() where captured_amount > 0 and closed_at is not null',
    );
  }
}
