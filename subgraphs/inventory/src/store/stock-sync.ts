import type { EntityManager } from '@marketgraph/platform/postgres';

/** The newest version of a source that was taken over for a level. */
export interface SyncPoint {
  offerId: string;
  warehouseId: string;
  version: bigint;
}

/** Of these offers, on the primary key. The caller holds their locks. */
export async function syncPointsOf(
  em: EntityManager,
  { source, offerIds }: { source: string; offerIds: readonly string[] },
): Promise<SyncPoint[]> {
  if (offerIds.length === 0) return [];
  const rows = await em.execute<(Omit<SyncPoint, 'version'> & { version: string })[]>(
    `select offer_id as "offerId", warehouse_id as "warehouseId", source_version::text as version
       from stock_sync where offer_id in (?) and source = ?`,
    [[...new Set(offerIds)], source],
  );
  return rows.map((row) => ({ ...row, version: BigInt(row.version) }));
}

/** At most one point per level. */
export async function saveSyncPoints(em: EntityManager, source: string, points: readonly SyncPoint[]): Promise<void> {
  if (points.length === 0) return;
  await em.execute(
    `insert into stock_sync (offer_id, warehouse_id, source, source_version)
     select "offerId", "warehouseId", ?, version
       from jsonb_to_recordset(?::jsonb) as point ("offerId" text, "warehouseId" text, version bigint)
     on conflict (offer_id, warehouse_id, source) do update set source_version = excluded.source_version`,
    [source, JSON.stringify(points.map((point) => ({ ...point, version: String(point.version) })))],
  );
}
