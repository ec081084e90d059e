import type { EntityManager } from '@marketgraph/platform/postgres';
import type { ReservationRow } from './reservations.ts';

export interface RefusalFacts {
  /** By the key they were asked for with. */
  reservations: ReadonlyMap<string, ReservationRow>;
  /** Free now, of each offer there is. */
  units: ReadonlyMap<string, number>;
}

/** What tells why requests were refused, in one statement: on the unique request_key, and on the offers' levels. */
export async function readRefusalFacts(
  em: EntityManager,
  { requestKeys, offerIds }: { requestKeys: readonly string[]; offerIds: readonly string[] },
): Promise<RefusalFacts> {
  const [row] = await em.execute<
    { reservations: (ReservationRow & { requestKey: string })[]; units: { offerId: string; available: number }[] }[]
  >(
    `select (select coalesce(jsonb_agg(each), '[]') from (
              select id, cart_id as "cartId", request_key as "requestKey", status, expires_at as "expiresAt",
                     expires_at <= now() as "isOverdue", ship_to as "shipTo"
                from reservation where request_key in (?)) each) as reservations,
            (select coalesce(jsonb_agg(each), '[]') from (
              select offer.offer_id as "offerId", coalesce(sum(level.on_hand - level.reserved), 0)::int as available
                from offer left join stock_level level on level.offer_id = offer.offer_id
               where offer.offer_id in (?) group by offer.offer_id) each) as units`,
    [[...new Set(requestKeys)], [...new Set(offerIds)]],
  );
  return {
    reservations: new Map(row!.reservations.map((each) => [each.requestKey, each])),
    units: new Map(row!.units.map(({ offerId, available }) => [offerId, available])),
  };
}
