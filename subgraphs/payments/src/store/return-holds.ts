import type { EntityManager } from '@marketgraph/platform/postgres';

export interface ReturnHold {
  returnId: string;
  vendorOrderId: string;
  isOpen: boolean;
  /** Grows with every change of the return. */
  sequence: number;
}

/** Under the settlement's lock. Resolves to how many more returns are open: 1, 0 or −1. Older news than is known changes nothing. */
export async function saveReturnHold(em: EntityManager, hold: ReturnHold, now: Date): Promise<number> {
  const { returnId, vendorOrderId, isOpen, sequence } = hold;
  const [known] = await em.execute<{ is_open: boolean; sequence: string }[]>(
    'select is_open, sequence from return_hold where return_id = ?',
    [returnId],
  );
  if (known && Number(known.sequence) >= sequence) return 0;
  await em.execute(
    `insert into return_hold (return_id, vendor_order_id, is_open, sequence, updated_at) values (?, ?, ?, ?, ?)
     on conflict (return_id) do update
       set is_open = excluded.is_open, sequence = excluded.sequence, updated_at = excluded.updated_at`,
    [returnId, vendorOrderId, isOpen, sequence, now.toISOString()],
  );
  return Number(isOpen) - Number(known?.is_open ?? false);
}
