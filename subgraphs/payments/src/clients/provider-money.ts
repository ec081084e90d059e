import type { Money } from '@marketgraph/platform/core';
import type { DisputeMovement, DisputeStatus } from '../domain/dispute.ts';

/** The provider's view of money that went back to a buyer. */
export interface ProviderRefund {
  reference: string;
  amount: Money;
  /** PENDING: the bank has not answered. FAILED may follow SUCCEEDED: the bank sent it back. */
  status: 'PENDING' | 'SUCCEEDED' | 'FAILED';
  failureCode: string | null;
  /** Ours, as we wrote on it; null for one that somebody made at the provider's own desk. */
  refundId: string | null;
}

/** A buyer's bank took the money of a charge. Inquiries that take nothing are none. */
export interface ProviderDispute {
  reference: string;
  amount: Money;
  status: DisputeStatus;
  /** On our balance, in the currency of the charge. */
  movements: DisputeMovement[];
}

export interface ProviderTransfer {
  reference: string;
  amount: Money;
  reversed: Money;
  settlementId: string | null;
}

export interface ProviderReversal {
  reference: string;
  amount: Money;
  operationId: string | null;
}

/**
 * Money that leaves us: to the buyer, to vendors, and back from them. Each
 * `list…` is the provider's own and at once up to date: what it does not show, did not happen
 * (unless it is still on its way).
 */
export interface MoneyProvider {
  refund(request: {
    refundId: string;
    intentReference: string;
    amount: Money;
    idempotencyKey: string;
  }): Promise<ProviderRefund>;
  listRefunds(intentReference: string): Promise<ProviderRefund[]>;
  listDisputes(intentReference: string): Promise<ProviderDispute[]>;
  /** Of one charge's money, in the group of its order. */
  transfer(request: {
    settlementId: string;
    orderId: string;
    destination: string;
    chargeReference: string;
    amount: Money;
    idempotencyKey: string;
  }): Promise<ProviderTransfer>;
  listTransfers(orderId: string): Promise<ProviderTransfer[]>;
  reverseTransfer(request: {
    transferReference: string;
    operationId: string;
    amount: Money;
    idempotencyKey: string;
  }): Promise<ProviderReversal>;
  listReversals(transferReference: string): Promise<ProviderReversal[]>;
}
