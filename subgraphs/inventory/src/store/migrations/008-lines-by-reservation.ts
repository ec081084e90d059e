import { Migration } from '@mikro-orm/migrations';

/**
 * What is overdue is found by the time of its reservation (`reservation_due`), and its lines by the reservation. The index by
 * offer was for the other way round, which reads all that was ever sold of an offer: no plan took it, also with 200,000
 * lines of one offer, and every reservation paid for it.
 */
export class LinesByReservation extends Migration {
  override up(): void {
    this.addSql('drop index reservation_line_offer');
  }
}
