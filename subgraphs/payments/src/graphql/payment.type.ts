import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { DateTime } from '@marketgraph/platform/graphql';
import type { MethodRow, PaymentRow, TransactionRow } from '../store/payment.entity.ts';
import { methodOf, toPayment } from '../store/payments.ts';
import { Order } from './extensions.type.ts';
import {
  PaymentMethodKind,
  PaymentStatus,
  PaymentTransactionStatus,
  PaymentTransactionType,
} from './payment-status.enum.ts';
import { Money, Node } from './shared.type.ts';

@ObjectType({ description: 'A way to pay as its owner recognises it. Numbers are with the provider alone.' })
export class PaymentMethodSummary {
  @Field(() => ID, { nullable: true, description: 'Set for a method that is remembered.' })
  id!: string | null;

  @Field(() => PaymentMethodKind, { description: 'What sort of method.' })
  kind!: PaymentMethodKind;

  @Field(() => String, { nullable: true, description: 'E.g. `visa`.' })
  brand!: string | null;

  @Field(() => String, { nullable: true, description: 'The last four digits.' })
  last4!: string | null;

  @Field(() => String, { nullable: true, description: '`MM/YYYY`.' })
  expiry!: string | null;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: 'One thing that happened to the money of a payment; never changed afterwards.',
})
export class PaymentTransaction extends Node {
  @Field(() => PaymentTransactionType, { description: 'What happened.' })
  type!: PaymentTransactionType;

  @Field(() => PaymentTransactionStatus, { description: 'How it ended.' })
  status!: PaymentTransactionStatus;

  @Field(() => Money, { description: 'How much.' })
  amount!: Money;

  @Field(() => String, { nullable: true, description: "The provider's id of it." })
  gatewayReference!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The provider's code when it failed, e.g. `insufficient_funds`.",
  })
  failureCode!: string | null;

  @Field(() => DateTime, { description: 'When we learned of it.' })
  at!: Date;

  paymentId!: string | null;
}

@Directive('@key(fields: "id")')
@ObjectType({
  implements: Node,
  description: "The buyer's money for one order. Read by the buyer, support and operators.",
})
export class Payment extends Node {
  @Field(() => PaymentStatus, { description: 'How far it has come.' })
  status!: PaymentStatus;

  @Field(() => Money, { description: 'What the order costs.' })
  amount!: Money;

  @Field(() => Money, { description: 'What was held on the card.' })
  authorizedAmount!: Money;

  @Field(() => Money, { description: 'What was taken.' })
  capturedAmount!: Money;

  @Field(() => Money, { description: 'What went back.' })
  refundedAmount!: Money;

  @Field(() => PaymentMethodSummary, { nullable: true, description: 'What it was paid with, once known.' })
  method!: PaymentMethodSummary | null;

  @Field(() => String, { nullable: true, description: "The provider's id of the payment." })
  gatewayReference!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The provider's code of the last refusal, e.g. `card_declined`.",
  })
  failureCode!: string | null;

  @Field(() => String, { nullable: true, description: "The provider's words for it, meant for the buyer." })
  failureMessage!: string | null;

  @Field(() => Order, { nullable: true, description: 'What is paid for.' })
  order!: Order | null;

  @Field(() => DateTime, { description: 'When checkout asked for it.' })
  createdAt!: Date;

  buyerId!: string;
}

export function toPaymentType(row: PaymentRow): Payment {
  const payment = toPayment(row);
  const method = methodOf(row);
  return {
    id: row.id,
    status: PaymentStatus[row.status],
    amount: payment.amount,
    authorizedAmount: payment.authorized,
    capturedAmount: payment.captured,
    refundedAmount: payment.refunded,
    method: method && { id: null, ...method, kind: PaymentMethodKind[method.kind] },
    gatewayReference: row.gatewayReference ?? null,
    failureCode: row.failureCode ?? null,
    failureMessage: row.failureMessage ?? null,
    order: { id: row.orderId },
    createdAt: row.createdAt,
    buyerId: row.buyerId,
  };
}

export function toTransactionType(row: TransactionRow): PaymentTransaction {
  return {
    id: row.id,
    type: PaymentTransactionType[row.type],
    status: PaymentTransactionStatus[row.status],
    amount: { amount: row.amount, currencyCode: row.currency },
    gatewayReference: row.gatewayReference,
    failureCode: row.failureCode ?? null,
    at: row.at,
    paymentId: row.paymentId ?? null,
  };
}

export function toMethodType(row: MethodRow): PaymentMethodSummary {
  return {
    id: row.id,
    kind: PaymentMethodKind[row.kind as keyof typeof PaymentMethodKind],
    brand: row.brand ?? null,
    last4: row.last4 ?? null,
    expiry: row.expiry ?? null,
  };
}
