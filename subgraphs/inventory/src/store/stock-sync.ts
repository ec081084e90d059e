import type { EntityManager } from '@marketgraph/platform/postgres';

export interface SyncPoint {
  offerId: string;
  warehouseId: string;
  source: string;
}

/** False when this version or a newer one of the source was taken over before. The caller holds the offer's lock. */
export async function isNewer(em: EntityManager, { offerId, warehouseId, source }: SyncPoint, version: bigint) {
  const [row] = await em.execute<{ version: string }[]>(
    `select source_version as version from stock_sync where offer_id = ? and warehouse_id = ? and source = ?`,
    [offerId, warehouseId, source],
  );
  return row === undefined || BigInt(row.version) < version;
}

export async function saveSyncPoint(
  em: EntityManager,
  { offerId, warehouseId, source }: SyncPoint,
  version: bigint,
): Promise<void> {
  await em.execute(
    `insert into stock_sync (offer_id, warehouse_id, source, source_version) values (?, ?, ?, ?)
     on conflict (offer_id, warehouse_id, source) do update set source_version = excluded.source_version`,
    [offerId, warehouseId, source, String(version)],
  );
}
