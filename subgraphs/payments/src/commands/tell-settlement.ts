import { money } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { settlementMoved } from '../events/out.ts';
import type { SettlementRow } from '../store/settlement.entity.ts';

type ToldSettlement = Pick<
  SettlementRow,
  | 'id'
  | 'vendorOrderId'
  | 'orderId'
  | 'vendorId'
  | 'status'
  | 'version'
  | 'currency'
  | 'gross'
  | 'commission'
  | 'net'
  | 'releaseAt'
>;

/** A settlement as it is now, to be told in the transaction that changed it. */
export function tellSettlement(row: ToldSettlement): NewEvent {
  const { id, vendorOrderId, orderId, vendorId, status, version, currency } = row;
  return settlementMoved({
    id,
    vendorOrderId,
    orderId,
    vendorId,
    status,
    version,
    gross: money(row.gross, currency),
    commission: money(row.commission, currency),
    net: money(row.net, currency),
    releaseAt: row.releaseAt ?? null,
  });
}
