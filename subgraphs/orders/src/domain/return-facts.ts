import type { Units, VendorOrder } from './order.ts';
import type { ReturnStatus } from './order-status.ts';

/** Units of one vendor's part that its buyer sends back. */
export interface Return {
  id: string;
  status: ReturnStatus;
  lines: Units[];
}

export interface ReturnFact {
  type: 'RETURN_STATUS';
  subjectId: string;
  from: ReturnStatus | null;
  to: ReturnStatus;
  detail?: { vendorOrderId: string; lines: Units[] } | { note: string } | { restock: boolean };
}

/** A fact of the order that concerns one of its returns. */
export function evolveReturns(parts: readonly VendorOrder[], fact: ReturnFact): VendorOrder[] {
  const { subjectId: id, to: status, detail } = fact;
  return parts.map((part) => {
    if (fact.from === null && detail && 'lines' in detail && detail.vendorOrderId === part.id) {
      return { ...part, returns: [...part.returns, { id, status, lines: detail.lines }] };
    }
    const returns = part.returns.map((each) => (each.id === id ? { ...each, status } : each));
    return { ...part, returns };
  });
}
