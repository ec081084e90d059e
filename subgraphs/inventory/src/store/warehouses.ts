import type { EntityManager } from '@marketgraph/platform/postgres';
import { ALLOWANCE_PLACE } from './allowances.ts';

export interface WarehouseRow {
  id: string;
  code: string;
  name: string;
  region: string;
  vendorId: string | null;
  address: Record<string, string> | null;
}

const COLUMNS = `id, code, name, region, vendor_id as "vendorId", address`;

export async function findWarehouses(em: EntityManager, ids: readonly string[]): Promise<WarehouseRow[]> {
  if (ids.length === 0) return [];
  // Where allowances are kept is no warehouse: nothing can be put there, or be shipped from there.
  return em.execute<WarehouseRow[]>(`select ${COLUMNS} from warehouse where id in (?) and id <> ?`, [
    [...ids],
    ALLOWANCE_PLACE,
  ]);
}

export async function warehousesOfVendors(em: EntityManager, vendorIds: readonly string[]): Promise<WarehouseRow[]> {
  if (vendorIds.length === 0) return [];
  return em.execute<WarehouseRow[]>(
    `select ${COLUMNS} from warehouse where vendor_id in (?) order by vendor_id, code`,
    [[...vendorIds]],
  );
}

/** By id when it has one, else by its code with the vendor: the same code twice is the same warehouse. */
export async function saveWarehouse(em: EntityManager, warehouse: WarehouseRow): Promise<WarehouseRow> {
  const { id, code, name, region, vendorId, address } = warehouse;
  const [row] = await em.execute<WarehouseRow[]>(
    `insert into warehouse (id, code, name, region, vendor_id, address) values (?, ?, ?, ?, ?, ?::jsonb)
     on conflict (vendor_id, code) do update set name = excluded.name, region = excluded.region, address = excluded.address
     returning ${COLUMNS}`,
    [id, code, name, region, vendorId, JSON.stringify(address)],
  );
  return row!;
}

export async function updateWarehouse(em: EntityManager, warehouse: WarehouseRow): Promise<WarehouseRow> {
  const { id, code, name, region, address } = warehouse;
  const [row] = await em.execute<WarehouseRow[]>(
    `update warehouse set code = ?, name = ?, region = ?, address = ?::jsonb where id = ? returning ${COLUMNS}`,
    [code, name, region, JSON.stringify(address), id],
  );
  return row!;
}
