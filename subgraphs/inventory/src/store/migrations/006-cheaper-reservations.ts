import { Migration } from '@mikro-orm/migrations';

/**
 * What a reservation need not pay for. A line is written by the statement that makes its reservation, from what that has
 * made, and reservations stay for ever: looking each one up again says nothing. A movement is found by its level, never by
 * its id, which comes from a sequence of its own.
 */
export class CheaperReservations extends Migration {
  override up(): void {
    this.addSql('alter table reservation_line drop constraint reservation_line_reservation_id_fkey');
    this.addSql('alter table stock_movement drop constraint stock_movement_pkey');
  }
}
