import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { lockSettlementOf } from '../store/settlements.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellSettlement } from './tell-settlement.ts';

/**
 * Everything of one vendor's part has arrived: its money is held until the
 * return window ends. The first delivery counts; the event told again changes nothing.
 */
export async function scheduleRelease(
  deps: PaymentsDeps,
  em: EntityManager,
  { vendorOrderId, releaseAt }: { vendorOrderId: string; releaseAt: Date },
): Promise<void> {
  const row = await lockSettlementOf(em, vendorOrderId);
  // Settlements exist before an order is confirmed, so this event is in front of a bug or of the wrong database.
  if (!row) throw new Error(`Vendor order ${vendorOrderId} was delivered and has no settlement.`);
  if (row.status !== 'HELD' || row.releaseAt) return;
  const now = deps.clock.now();
  row.releaseAt = releaseAt;
  row.version += 1;
  row.updatedAt = now;
  await em.flush();
  await appendToOutbox(em, [tellSettlement(row)], { ids: deps.ids, now });
}
