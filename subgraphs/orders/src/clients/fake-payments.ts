import type { Money } from '@marketgraph/platform/core';

export interface FakePayment {
  id: string;
  key: string;
  orderId: string;
  cartId: string;
  buyerId: string;
  amount: Money;
  status:
    | 'REQUIRES_PAYMENT_METHOD'
    | 'REQUIRES_ACTION'
    | 'PROCESSING'
    | 'AUTHORIZED'
    | 'CAPTURED'
    | 'VOIDED'
    | 'FAILED';
  failure?: { code: string; message: string };
  /** What a capture will say, when it is not to succeed. */
  refuseCapture?: string;
  /** Each capture that had an effect. */
  captured: number[];
  settlements: SettleInput['vendorOrders'];
}

interface SettleInput {
  paymentId: string;
  vendorOrders: { vendorOrderId: string; vendorId: string; gross: Money; productTotal: Money; categoryIds: string[] }[];
}

interface RefundInput {
  orderId: string;
  vendorOrderId: string;
  amount?: Money | null;
  reason: string;
  returnId?: string | null;
}

/** Payments as a checkout knows them, with a buyer's hand on the card. For tests. */
export class FakePayments {
  readonly payments: FakePayment[] = [];
  /** Refuses the next creations with this message. */
  refuseCreation: string | undefined;

  of(orderId: string): FakePayment {
    const found = this.payments.find((payment) => payment.orderId === orderId);
    if (!found) throw new Error(`No payment for ${orderId}`);
    return found;
  }

  /** The buyer pays with a good card. */
  authorize(id: string): void {
    const payment = this.find(id);
    if (payment.status !== 'VOIDED') payment.status = 'AUTHORIZED';
  }

  /** The buyer pays with a bad one. */
  decline(id: string, message = 'Your card was declined.'): void {
    Object.assign(this.find(id), { status: 'FAILED', failure: { code: 'card_declined', message } });
  }

  /** What was taken from buyers, all in all. */
  captured(): number {
    return this.payments.flatMap((payment) => payment.captured).reduce((total, amount) => total + amount, 0);
  }

  create(input: Pick<FakePayment, 'orderId' | 'cartId' | 'buyerId' | 'amount'>, key: string) {
    if (this.refuseCreation) {
      return { payment: null, clientSecret: null, userErrors: [error('INVALID', this.refuseCreation)] };
    }
    let payment = this.payments.find((known) => known.key === key);
    if (!payment) {
      const id = `pay_${String(this.payments.length + 1).padStart(26, '0')}`;
      payment = { id, key, ...input, status: 'REQUIRES_PAYMENT_METHOD', captured: [], settlements: [] };
      this.payments.push(payment);
    }
    return { payment, clientSecret: `${payment.id}_secret`, userErrors: [] };
  }

  sync(id: string) {
    const payment = this.find(id);
    const { failure } = payment;
    return { payment, failureCode: failure?.code, failureMessage: failure?.message, userErrors: [] };
  }

  settle({ paymentId, vendorOrders }: SettleInput) {
    const payment = this.find(paymentId);
    if (payment.status === 'CAPTURED') return { payment, userErrors: [] };
    if (payment.refuseCapture || payment.status !== 'AUTHORIZED') {
      const message = payment.refuseCapture ?? `The payment is ${payment.status}.`;
      return { payment, userErrors: [error('PAYMENT_DECLINED', message)] };
    }
    payment.status = 'CAPTURED';
    payment.captured.push(vendorOrders.reduce((total, part) => total + part.gross.amount, 0));
    payment.settlements.push(...vendorOrders);
    return { payment, userErrors: [] };
  }

  void(id: string) {
    const payment = this.find(id);
    if (payment.status === 'CAPTURED') {
      return { payment, userErrors: [error('ILLEGAL_TRANSITION', 'The payment was captured.')] };
    }
    payment.status = 'VOIDED';
    return { payment, userErrors: [] };
  }

  /** Refunds by their key; a key has one effect. */
  readonly refunds = new Map<string, RefundInput & { amount: Money }>();
  /** What a refund will say, when it is refused. */
  refuseRefund: { code: string; message: string } | undefined;

  refund(input: RefundInput, key: string) {
    const known = this.refunds.get(key);
    if (!known && this.refuseRefund) return { refund: null, userErrors: [{ ...this.refuseRefund, field: null }] };
    const left = this.left(input);
    if (!known && (left === 0 || (input.amount?.amount ?? 0) > left)) {
      return { refund: null, userErrors: [error('REFUND_EXCEEDS', 'More than is left.')] };
    }
    const { amount } = this.of(input.orderId);
    if (!known) this.refunds.set(key, { ...input, amount: input.amount ?? { ...amount, amount: left } });
    return { refund: { id: `rfd_${key}`, status: 'SUCCEEDED', failureCode: null }, userErrors: [] };
  }

  /** What of a vendor's part was captured and has not gone back. */
  left({ orderId, vendorOrderId }: { orderId: string; vendorOrderId: string }): number {
    const part = this.of(orderId).settlements.find((each) => each.vendorOrderId === vendorOrderId);
    const back = [...this.refunds.values()].filter((each) => each.vendorOrderId === vendorOrderId);
    return (part?.gross.amount ?? 0) - back.reduce((total, each) => total + each.amount.amount, 0);
  }

  private find(id: string): FakePayment {
    const found = this.payments.find((payment) => payment.id === id);
    if (!found) throw new Error(`No payment ${id}`);
    return found;
  }
}

function error(code: string, message: string) {
  return { code, message, field: null };
}
