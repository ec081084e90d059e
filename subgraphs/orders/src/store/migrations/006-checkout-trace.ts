import { Migration } from '@mikro-orm/migrations';

/** W3C traceparent of the request that began a checkout: whoever goes on with it does so in its trace. */
export class CheckoutTrace extends Migration {
  override up(): void {
    this.addSql('alter table checkout add column trace text');
  }
}
