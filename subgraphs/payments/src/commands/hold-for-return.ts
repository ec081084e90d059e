import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { type ReturnHold, saveReturnHold } from '../store/return-holds.ts';
import { lockSettlementOf } from '../store/settlements.ts';
import { waitingFor } from './end-disputes.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { tellSettlement } from './tell-settlement.ts';

/**
 * The buyer wants to send something back, or that has ended. While any return
 * of a vendor order is open its money is not released. Hold and release both
 * decide under the settlement's lock: a hold that comes after the release
 * changes nothing, and what is refunded then is taken back from the vendor.
 */
export async function holdForReturn(deps: PaymentsDeps, em: EntityManager, hold: ReturnHold): Promise<void> {
  const row = await lockSettlementOf(em, hold.vendorOrderId);
  // As with a delivery: settlements exist before anything can be sent back.
  if (!row) throw new Error(`Vendor order ${hold.vendorOrderId} has a return and no settlement.`);
  const now = deps.clock.now();
  const more = await saveReturnHold(em, hold, now);
  if (more === 0) return;
  row.openReturns += more;
  if (!row.releasedAt) row.releaseProblem = waitingFor(row);
  row.version += 1;
  row.updatedAt = now;
  await em.flush();
  await appendToOutbox(em, [tellSettlement(row)], { ids: deps.ids, now });
}
