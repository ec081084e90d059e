import { fact, type MoneyFact } from './fact.ts';

/** Key: the payment; sequence: its version. Topics: `paymentStatusChanged:<paymentId>`. */
export interface PaymentStatusChanged {
  paymentId: string;
  orderId: string;
  cartId: string;
  buyerId: string;
  /** A PaymentStatus of the schema; null for the first event of a payment. */
  previousStatus: string | null;
  status: string;
  amount: MoneyFact;
  capturedAmount: MoneyFact;
  /** The provider's code and words when it failed. */
  failureCode: string | null;
  failureMessage: string | null;
}

/** Key: the settlement; sequence: its version. Topics: `payoutFeed:<vendorId>`. */
export interface SettlementChanged {
  settlementId: string;
  vendorOrderId: string;
  orderId: string;
  vendorId: string;
  /** HELD RELEASABLE RELEASED REVERSED OFFSET */
  status: string;
  gross: MoneyFact;
  commission: MoneyFact;
  net: MoneyFact;
  releaseAt: string | null;
}

/** Key: the refund; sequence: its version. No topics. */
export interface RefundChanged {
  refundId: string;
  paymentId: string;
  orderId: string;
  buyerId: string;
  /** The vendor order it was asked for; null for one of the whole order. */
  vendorOrderId: string | null;
  returnId: string | null;
  amount: MoneyFact;
  reason: string;
  /** PENDING SUCCEEDED FAILED. One that has succeeded can still fail: the bank sends the money back. */
  status: string;
  failureCode: string | null;
  /** What each vendor order gives back of it. */
  parts: { vendorOrderId: string; vendorId: string; amount: MoneyFact }[];
}

/** Key: the payout; sequence: its version. Topics: `payoutFeed:<vendorId>`. */
export interface PayoutChanged {
  payoutId: string;
  vendorId: string;
  amount: MoneyFact;
  /** PROCESSING PAID FAILED */
  status: string;
  failureReason: string | null;
  settlementIds: string[];
}

export const paymentStatusChanged = fact<PaymentStatusChanged>()('payments.paymentStatusChanged', 1, {
  paymentId: 'pay_01J0000000000000000000PAYM',
  orderId: 'ord_01J0000000000000000000RDER',
  cartId: 'crt_01J0000000000000000000CART',
  buyerId: 'usr_01J0000000000000000000BUYR',
  previousStatus: 'REQUIRES_PAYMENT_METHOD',
  status: 'AUTHORIZED',
  amount: { amount: 9_800, currencyCode: 'EUR' },
  capturedAmount: { amount: 0, currencyCode: 'EUR' },
  failureCode: null,
  failureMessage: null,
});
export const settlementChanged = fact<SettlementChanged>()('payments.settlementChanged', 1, {
  settlementId: 'stl_01J0000000000000000000STTL',
  vendorOrderId: 'vor_01J0000000000000000000VRDR',
  orderId: 'ord_01J0000000000000000000RDER',
  vendorId: 'ven_01J0000000000000000000VEND',
  status: 'HELD',
  gross: { amount: 9_800, currencyCode: 'EUR' },
  commission: { amount: 980, currencyCode: 'EUR' },
  net: { amount: 8_820, currencyCode: 'EUR' },
  releaseAt: null,
});
export const refundChanged = fact<RefundChanged>()('payments.refundChanged', 1, {
  refundId: 'rfd_01J0000000000000000000RFND',
  paymentId: 'pay_01J0000000000000000000PAYM',
  orderId: 'ord_01J0000000000000000000RDER',
  buyerId: 'usr_01J0000000000000000000BUYR',
  vendorOrderId: 'vor_01J0000000000000000000VRDR',
  returnId: null,
  amount: { amount: 9_800, currencyCode: 'EUR' },
  reason: 'Out of stock',
  status: 'SUCCEEDED',
  failureCode: null,
  parts: [
    {
      vendorOrderId: 'vor_01J0000000000000000000VRDR',
      vendorId: 'ven_01J0000000000000000000VEND',
      amount: { amount: 9_800, currencyCode: 'EUR' },
    },
  ],
});
export const payoutChanged = fact<PayoutChanged>()('payments.payoutChanged', 1, {
  payoutId: 'pot_01J0000000000000000000PAYT',
  vendorId: 'ven_01J0000000000000000000VEND',
  amount: { amount: 8_820, currencyCode: 'EUR' },
  status: 'PAID',
  failureReason: null,
  settlementIds: ['stl_01J0000000000000000000STTL'],
});
