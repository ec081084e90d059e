import { Arg, Ctx, Directive, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { IdempotencyKey, principalOf, requireRole, requireService } from '@marketgraph/platform/graphql';
import type { Result } from '@marketgraph/platform/core';
import { requestRefund } from '../commands/request-refund.ts';
import type { RefundRow } from '../store/refund.entity.ts';
import { mayReadRefund } from './access.ts';
import { Order } from './extensions.type.ts';
import type { PaymentsContext } from './payments-context.ts';
import {
  Refund,
  RefundCreateInput,
  VendorOrderRefundInput,
  RefundPart,
  RefundPayload,
  toRefundPartType,
  toRefundType,
} from './refund.type.ts';
import { toUserErrors } from './user-errors.ts';

const KEY = { description: 'The same key and input give the same refund for 24 hours.' };

@Resolver(() => Refund)
export class RefundResolver {
  @FieldResolver(() => [RefundPart], { description: "Each vendor order's share of it." })
  async parts(@Root() refund: Refund, @Ctx() { loaders }: PaymentsContext): Promise<RefundPart[]> {
    const rows = await loaders.refundParts.load(refund.id);
    return rows.flatMap((row) => toRefundPartType(row, refund.amount.currencyCode));
  }

  @Mutation(() => RefundPayload, {
    description:
      'Gives money back to the buyer, of a whole order or of one vendor order, never more than was captured. Vendors give their share, before or after they were paid. For operators and support.',
  })
  async refundCreate(
    @Arg('input', () => RefundCreateInput, { description: 'What to give back, and why.' }) input: RefundCreateInput,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<RefundPayload> {
    const { userId } = requireRole(viewer, 'OPERATOR', 'SUPPORT');
    const vendorOrderId = input.vendorOrderId ?? null;
    return toPayload(
      await requestRefund(deps, { principal: userId, idempotencyKey }, toRequest({ ...input, vendorOrderId })),
    );
  }

  @Directive('@inaccessible')
  @Mutation(() => RefundPayload, {
    description: 'Gives money of one vendor order back: it was cancelled, rejected or returned. For orders alone.',
  })
  async vendorOrderRefund(
    @Arg('input', () => VendorOrderRefundInput, { description: 'What to give back, and why.' })
    input: VendorOrderRefundInput,
    @Arg('idempotencyKey', () => IdempotencyKey, KEY) idempotencyKey: string,
    @Ctx() { viewer, deps }: PaymentsContext,
  ): Promise<RefundPayload> {
    requireService(viewer, 'orders');
    const caller = { principal: principalOf(viewer), idempotencyKey };
    return toPayload(await requestRefund(deps, caller, toRequest(input), 'vendorOrderRefund'));
  }
}

@Resolver(() => Order)
export class OrderRefundsResolver {
  @FieldResolver(() => [Refund], {
    nullable: true,
    description: 'What of it went back, oldest first. A vendor sees those of its own part alone.',
  })
  async refunds(@Root() order: Order, @Ctx() context: PaymentsContext): Promise<Refund[]> {
    const rows = await context.loaders.refundsOf.load(order.id);
    const readable = await Promise.all(rows.map((row) => mayRead(row, context)));
    return rows.filter((_, index) => readable[index]).map(toRefundType);
  }
}

/** Missing and forbidden are the same: null. */
export async function readableRefund(id: string, context: PaymentsContext): Promise<Refund | null> {
  const row = await context.loaders.refund.load(id);
  return row && (await mayRead(row, context)) ? toRefundType(row) : null;
}

async function mayRead(row: RefundRow, { loaders, viewer }: PaymentsContext): Promise<boolean> {
  return mayReadRefund(viewer, { buyerId: row.buyerId, parts: await loaders.refundParts.load(row.id) });
}

function toRequest(input: VendorOrderRefundInput | (RefundCreateInput & { vendorOrderId: string | null })) {
  const { orderId, reason } = input;
  return {
    orderId,
    vendorOrderId: input.vendorOrderId,
    amount: input.amount ? { ...input.amount } : null,
    reason,
    returnId: input.returnId ?? null,
  };
}

function toPayload(result: Result<RefundRow>): RefundPayload {
  return result.ok
    ? { refund: toRefundType(result.value), userErrors: [] }
    : { refund: null, userErrors: toUserErrors(result.rejection) };
}
