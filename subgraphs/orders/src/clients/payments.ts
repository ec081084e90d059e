import { accept, type Money, type Rejection, type Result } from '@marketgraph/platform/core';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { PaymentReport } from '../domain/checkout.ts';
import type { CallOptions } from './catalog.ts';

export interface NewPayment {
  orderId: string;
  cartId: string;
  buyerId: string;
  amount: Money;
  description: string;
}

/** A vendor's share of one payment. */
export interface SettlementPart {
  vendorOrderId: string;
  vendorId: string;
  gross: Money;
  tax: Money;
  shipping: Money;
  productTotal: Money;
  categoryIds: readonly string[];
}

export interface NewRefund {
  orderId: string;
  vendorOrderId: string;
  /** Null: all that is left of the part. */
  amount: Money | null;
  reason: string;
  returnId: string | null;
}

/** The port to payments. As with inventory: a `Result` is definite, a throw is unknown, and every call may be repeated. */
export interface PaymentsClient {
  create(
    payment: NewPayment,
    idempotencyKey: string,
    call?: CallOptions,
  ): Promise<Result<{ paymentId: string; clientSecret: string | null }, Rejection[]>>;
  /** Asks the provider now. */
  lookUp(paymentId: string, call?: CallOptions): Promise<PaymentReport & { needsAction: boolean }>;
  /** Captures, and books one share per vendor order. */
  settle(
    settlement: { paymentId: string; vendorOrders: readonly SettlementPart[] },
    idempotencyKey: string,
    call?: CallOptions,
  ): Promise<Result<null, Rejection[]>>;
  void(paymentId: string, idempotencyKey: string, call?: CallOptions): Promise<Result<null, Rejection[]>>;
  /** Gives money of a vendor's part back. PENDING is as good as done: payments sees it through. */
  refund(
    refund: NewRefund,
    idempotencyKey: string,
    call?: CallOptions,
  ): Promise<Result<{ status: string; failureCode: string | null }, Rejection[]>>;
}

const ERRORS = 'userErrors { code message field }';

const CREATE = `mutation OrdersPaymentCreate($input: PaymentCreateInput!, $key: IdempotencyKey!) {
  answer: paymentCreate(input: $input, idempotencyKey: $key) { payment { id status } clientSecret ${ERRORS} }
}`;
const SYNC = `mutation OrdersPaymentSync($id: ID!) {
  answer: paymentSync(id: $id) { payment { id status } failureCode failureMessage ${ERRORS} }
}`;
const SETTLE = `mutation OrdersPaymentSettle($input: PaymentSettleInput!, $key: IdempotencyKey!) {
  answer: paymentSettle(input: $input, idempotencyKey: $key) { payment { id status } ${ERRORS} }
}`;
const VOID = `mutation OrdersPaymentVoid($id: ID!, $key: IdempotencyKey!) {
  answer: paymentVoid(id: $id, idempotencyKey: $key) { payment { id status } ${ERRORS} }
}`;

const REFUND = `mutation OrdersRefund($input: VendorOrderRefundInput!, $key: IdempotencyKey!) {
  answer: vendorOrderRefund(input: $input, idempotencyKey: $key) { refund { id status failureCode } ${ERRORS} }
}`;

interface RefundAnswer {
  answer: { refund: { status: string; failureCode: string | null } | null; userErrors: UserErrorAnswer[] };
}

interface UserErrorAnswer {
  code: string;
  message: string;
  field: string[] | null;
}

interface Answer {
  answer: {
    payment: { id: string; status: string } | null;
    clientSecret?: string | null;
    failureCode?: string | null;
    failureMessage?: string | null;
    userErrors: UserErrorAnswer[];
  };
}

export function paymentsOverPeers(peers: SubgraphClient): PaymentsClient {
  const call = async (operation: string, variables: Record<string, unknown>, options?: CallOptions) => {
    const { answer } = await peers.call<Answer>('payments', operation, variables, options);
    return { ...answer, rejections: answer.userErrors.map(rejectionOf) };
  };
  return {
    async create(input, key, options) {
      const { payment, clientSecret, rejections } = await call(CREATE, { input, key }, options);
      if (rejections.length > 0) return { ok: false, rejection: rejections };
      if (!payment) throw new Error('Payments answered with neither a payment nor an error.');
      return accept({ paymentId: payment.id, clientSecret: clientSecret ?? null });
    },

    async lookUp(id, options) {
      const { payment, failureCode, failureMessage, rejections } = await call(SYNC, { id }, options);
      if (!payment) throw new Error(rejections[0]?.message ?? 'Payments does not know this payment.');
      const report = reportOf({ paymentId: payment.id, status: payment.status, failureCode, failureMessage });
      return { ...report, needsAction: ['REQUIRES_ACTION', 'REQUIRES_PAYMENT_METHOD'].includes(payment.status) };
    },

    async settle(input, key, options) {
      const { rejections } = await call(SETTLE, { input, key }, options);
      return rejections.length > 0 ? { ok: false, rejection: rejections } : accept(null);
    },

    async void(id, key, options) {
      const { payment, rejections } = await call(VOID, { id, key }, options);
      // What is already at an end needs no ending.
      if (payment?.status === 'VOIDED') return accept(null);
      return rejections.length > 0 ? { ok: false, rejection: rejections } : accept(null);
    },

    async refund(input, key, options) {
      const { answer } = await peers.call<RefundAnswer>('payments', REFUND, { input, key }, options);
      if (answer.userErrors.length > 0) return { ok: false, rejection: answer.userErrors.map(rejectionOf) };
      if (!answer.refund) throw new Error('Payments answered with neither a refund nor an error.');
      return accept(answer.refund);
    },
  };
}

function rejectionOf({ code, message, field }: UserErrorAnswer): Rejection {
  return { code, message, ...(field ? { field } : {}) };
}

/** What a status of payments means for a checkout. A declined card may leave the payment open for another try: still declined. */
export function reportOf(payment: {
  paymentId: string;
  status: string;
  failureCode?: string | null;
  failureMessage?: string | null;
}): PaymentReport {
  const { paymentId, failureCode, failureMessage } = payment;
  const declined: PaymentReport = {
    paymentId,
    status: 'DECLINED',
    ...(failureMessage ? { message: failureMessage } : {}),
  };
  switch (payment.status) {
    case 'AUTHORIZED':
      return { paymentId, status: 'AUTHORIZED' };
    case 'CAPTURED':
    case 'PARTIALLY_CAPTURED':
      return { paymentId, status: 'CAPTURED' };
    case 'VOIDED':
      return { paymentId, status: 'VOIDED' };
    case 'FAILED':
      return declined;
    case 'REQUIRES_PAYMENT_METHOD':
      return failureCode ? declined : { paymentId, status: 'PENDING' };
    default:
      return { paymentId, status: 'PENDING' };
  }
}
