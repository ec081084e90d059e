import { Migration } from '@mikro-orm/migrations';

/** Where a parcel was at a step, in degrees, when its carrier says so. */
export class TrackingPlaces extends Migration {
  override up(): void {
    this.addSql(`alter table tracking_event
      add column lat double precision check (lat between -90 and 90),
      add column lon double precision check (lon between -180 and 180),
      add constraint tracking_event_place check ((lat is null) = (lon is null))`);
  }
}
