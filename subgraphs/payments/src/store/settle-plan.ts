import { money } from '@marketgraph/platform/core';
import type { SettlementPart } from '../domain/settlement.ts';

/** A part as it is kept on the payment between the decision to settle and its effects: amounts in the payment's currency. */
export interface StoredPart {
  vendorOrderId: string;
  vendorId: string;
  gross: number;
  productTotal: number | null;
  tax: number | null;
  shipping: number | null;
  categoryIds: string[];
}

export function toStoredPart(part: SettlementPart): StoredPart {
  return {
    vendorOrderId: part.vendorOrderId,
    vendorId: part.vendorId,
    gross: part.gross.amount,
    productTotal: part.productTotal?.amount ?? null,
    tax: part.tax?.amount ?? null,
    shipping: part.shipping?.amount ?? null,
    categoryIds: [...part.categoryIds],
  };
}

export function toPart(stored: StoredPart, currencyCode: string): SettlementPart {
  const amount = (value: number | null) => (value === null ? null : money(value, currencyCode));
  return {
    ...stored,
    gross: money(stored.gross, currencyCode),
    productTotal: amount(stored.productTotal),
    tax: amount(stored.tax),
    shipping: amount(stored.shipping),
  };
}
