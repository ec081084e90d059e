import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, sqlStateOf } from '@marketgraph/platform/postgres';
import {
  findWarehouses,
  saveWarehouse,
  updateWarehouse,
  type WarehouseRow,
  warehousesOfVendors,
} from '../store/warehouses.ts';
import type { CommandDeps } from './deps.ts';

/** `Vendor.warehouses` and `Offer.stockLevels` are lists without pages. */
const MAX_WAREHOUSES = 100;
const UNIQUE_VIOLATION = '23505';
const CODE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export interface UpsertWarehouse extends Omit<WarehouseRow, 'id'> {
  id?: string | null;
  /** Null: a warehouse of the marketplace itself. */
  mayActFor(vendorId: string | null): boolean;
}

export async function upsertWarehouse(
  { orm, ids }: Pick<CommandDeps, 'orm' | 'ids'>,
  { mayActFor, ...command }: UpsertWarehouse,
): Promise<Result<WarehouseRow>> {
  if (!CODE.test(command.code))
    return reject('INVALID', 'A code is 1 to 64 letters, digits, - and _.', { field: ['code'] });
  const em = orm.em.fork();
  if (!command.id) {
    if (!mayActFor(command.vendorId))
      return reject('FORBIDDEN', 'You may not open a warehouse for this vendor.', { field: ['vendorId'] });
    if (command.vendorId && (await isFull(em, command.vendorId, command.code))) {
      return reject('LIMIT_EXCEEDED', `A vendor has at most ${MAX_WAREHOUSES} warehouses.`);
    }
    return accept(await saveWarehouse(em, { ...command, id: ids.next('whs') }));
  }
  const [known] = await findWarehouses(em, [command.id]);
  if (!known || !mayActFor(known.vendorId))
    return reject('NOT_FOUND', 'There is no such warehouse.', { field: ['id'] });
  try {
    return accept(await updateWarehouse(em, { ...command, id: known.id, vendorId: known.vendorId }));
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    return reject('CONFLICT', `There is another warehouse ${command.code}.`, { field: ['code'] });
  }
}

async function isFull(em: EntityManager, vendorId: string, code: string): Promise<boolean> {
  const warehouses = await warehousesOfVendors(em, [vendorId]);
  return warehouses.length >= MAX_WAREHOUSES && !warehouses.some((warehouse) => warehouse.code === code);
}
