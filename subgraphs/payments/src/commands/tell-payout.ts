import { money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { payoutMoved } from '../events/out.ts';
import type { PayoutRow } from '../store/refund.entity.ts';

/** A payout as it is now, to be told in the transaction that changed it. */
export function tellPayout(row: PayoutRow, settlements: readonly { id: string }[]): NewEvent {
  return payoutMoved(row.version, {
    payoutId: row.id,
    vendorId: row.vendorId,
    amount: money(row.amount, row.currency),
    status: row.status,
    failureReason: row.failureReason ?? null,
    settlementIds: settlements.map(({ id }) => id),
  });
}
