import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  forbidden,
  hasRole,
  isService,
  principalOf,
  requireRole,
  requireService,
  requireUser,
} from '@marketgraph/platform/graphql';
import { Directive } from 'type-graphql';
import { IdempotencyKey } from '@marketgraph/platform/graphql';
import type { Result } from '@marketgraph/platform/core';
import { capturePayment } from '../commands/capture-payment.ts';
import { createPayment } from '../commands/create-payment.ts';
import { openSession } from '../commands/open-session.ts';
import { settlePayment } from '../commands/settle-payment.ts';
import { lookUpPayment } from '../commands/sync-payment.ts';
import { voidPayment } from '../commands/void-payment.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { mayReadPayment, mayReadTransaction } from './access.ts';
import {
  PaymentCaptureInput,
  PaymentCreateInput,
  PaymentPayload,
  PaymentSessionInput,
  PaymentSessionPayload,
  PaymentSettleInput,
  PaymentSyncPayload,
} from './payment.input.ts';
import { Payment, PaymentTransaction, toPaymentType, toTransactionType } from './payment.type.ts';
import type { PaymentsContext } from './payments-context.ts';
import { orUnavailable, toUserErrors } from './user-errors.ts';

const KEY = { description: 'The same key and input give the same answer for 24 hours.' };

@Resolver(() => Payment)
export class PaymentResolver {
  @Query(() => Payment, {
    nullable: true,
    description: 'A payment of your own, or any for operators. Null when there is none.',
  })
  payment(@Arg('id', () => ID, { description: 'The payment.' }) id: string, @Ctx() context: PaymentsContext) {
    return readablePayment(id, context);
  }

  @FieldResolver(() => [PaymentTransaction], {
    description:
      'What happened to the money, oldest first. Transfers to vendors and fees only for operators and support.',
  })
  async transactions(
    @Root() payment: Payment,
    @Ctx() { loaders, viewer }: PaymentsContext,
  ): Promise<PaymentTransaction[]> {
    const rows = await loaders.transactionsOf.load(payment.id);
    return rows.filter((row) => mayReadTransaction(viewer, row)).map(toTransactionType);
  }

  @Mutation(() => PaymentSessionPayload, {
    description: "The payment of the buyer's own checkout, with the secret its client confirms with. Charges nothing.",
  })
  async paymentSessionCreate(
    @Arg('input', () => PaymentSessionInput, { description: 'What the buyer is about to pay.' })
    input: PaymentSessionInput,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentSessionPayload> {
    const { userId } = requireUser(viewer);
    const command = { ...input, buyerId: userId };
    return toSessionPayload(await orUnavailable(openSession(deps, { principal: userId, idempotencyKey }, command)));
  }

  @Mutation(() => PaymentPayload, { description: 'Takes the money of an authorised payment by hand. For operators.' })
  async paymentCapture(
    @Arg('input', () => PaymentCaptureInput, { description: 'Which payment, and how much of it.' })
    input: PaymentCaptureInput,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentPayload> {
    const { userId } = requireRole(viewer, 'OPERATOR');
    const command = { paymentId: input.paymentId, amount: input.amount ?? null };
    return toPayload(await orUnavailable(capturePayment(deps, { principal: userId, idempotencyKey }, command)));
  }

  @Mutation(() => PaymentPayload, {
    description:
      'Gives up a payment that was not captured and releases what is held on the card. For operators and orders.',
  })
  async paymentVoid(
    @Arg('id', () => ID, { description: 'The payment.' }) id: string,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentPayload> {
    if (!isService(viewer, 'orders')) {
      requireUser(viewer);
      if (!hasRole(viewer, 'OPERATOR')) throw forbidden();
    }
    return toPayload(await orUnavailable(voidPayment(deps, { principal: principalOf(viewer), idempotencyKey }, id)));
  }

  @Directive('@inaccessible')
  @Mutation(() => PaymentSessionPayload, { description: 'Makes the one payment of an order. For orders alone.' })
  async paymentCreate(
    @Arg('input', () => PaymentCreateInput, { description: 'The order and what it costs.' }) input: PaymentCreateInput,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentSessionPayload> {
    requireService(viewer, 'orders');
    const caller = { principal: principalOf(viewer), idempotencyKey };
    return toSessionPayload(await orUnavailable(createPayment(deps, caller, { ...input })));
  }

  @Directive('@inaccessible')
  @Mutation(() => PaymentSyncPayload, {
    description: 'How a payment stands: asks the provider now, unless it is held in full or over. For orders alone.',
  })
  async paymentSync(
    @Arg('id', () => ID, { description: 'The payment.' }) id: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentSyncPayload> {
    requireService(viewer, 'orders');
    const row = await orUnavailable(lookUpPayment(deps, id));
    return {
      payment: row && toPaymentType(row),
      failureCode: row?.failureCode ?? null,
      failureMessage: row?.failureMessage ?? null,
      userErrors: row ? [] : toUserErrors({ code: 'NOT_FOUND', message: 'No such payment.', field: ['id'] }),
    };
  }

  @Directive('@inaccessible')
  @Mutation(() => PaymentPayload, {
    description: 'Captures an authorised payment and gives each vendor its held settlement. For orders alone.',
  })
  async paymentSettle(
    @Arg('input', () => PaymentSettleInput, { description: 'The payment and its parts.' }) input: PaymentSettleInput,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<PaymentPayload> {
    requireService(viewer, 'orders');
    const vendorOrders = input.vendorOrders.map((part) => ({
      vendorOrderId: part.vendorOrderId,
      vendorId: part.vendorId,
      gross: { ...part.gross },
      productTotal: part.productTotal ? { ...part.productTotal } : null,
      tax: part.tax ? { ...part.tax } : null,
      shipping: part.shipping ? { ...part.shipping } : null,
      categoryIds: part.categoryIds ?? [],
    }));
    const command = { paymentId: input.paymentId, vendorOrders };
    return toPayload(
      await orUnavailable(settlePayment(deps, { principal: principalOf(viewer), idempotencyKey }, command)),
    );
  }
}

/** Missing and forbidden are the same: null. */
export async function readablePayment(id: string, { loaders, viewer }: PaymentsContext): Promise<Payment | null> {
  const row = await loaders.payment.load(id);
  return row && mayReadPayment(viewer, row) ? toPaymentType(row) : null;
}

export async function readableTransaction(id: string, context: PaymentsContext): Promise<PaymentTransaction | null> {
  const row = await context.loaders.transaction.load(id);
  if (!row?.paymentId || !mayReadTransaction(context.viewer, row) || !(await readablePayment(row.paymentId, context)))
    return null;
  return toTransactionType(row);
}

function toPayload(result: Result<PaymentRow>): PaymentPayload {
  return result.ok
    ? { payment: toPaymentType(result.value), userErrors: [] }
    : { payment: null, userErrors: toUserErrors(result.rejection) };
}

function toSessionPayload(result: Result<PaymentRow>): PaymentSessionPayload {
  const clientSecret = result.ok ? (result.value.clientSecret ?? null) : null;
  return { ...toPayload(result), clientSecret };
}
