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
