import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import { badUserInput, eventSkipped, forbidden, requireUser, type StreamRoot } from '@marketgraph/platform/graphql';
import {
  type PaymentStatusChanged,
  paymentStatusChanged,
  type PayoutChanged,
  payoutChanged,
  type SettlementChanged,
} from '@marketgraph/schema/events/payments';
import { newestSettlementOf } from '../store/settlements.ts';
import { mayReadMoneyOf } from './access.ts';
import { PaymentStatus } from './payment-status.enum.ts';
import { readablePayment } from './payment.resolver.ts';
import type { PaymentsContext } from './payments-context.ts';
import { toPayoutType } from './payout.type.ts';
import { toSettlementType } from './settlement.type.ts';
import { StreamEventKind } from './shared.type.ts';
import { PaymentEvent, PayoutEvent } from './stream.type.ts';

const AFTER = { nullable: true, description: 'Cursor of the last event seen: goes on behind it.' };

@Resolver()
export class PaymentStreamResolver {
  @Subscription(() => PaymentEvent, {
    topics: 'gateway',
    description: 'Each change of status of one payment. For its buyer, support and operators.',
  })
  async paymentStatusChanged(
    @Root() root: StreamRoot,
    @Arg('paymentId', () => ID, { description: 'The payment.' }) paymentId: string,
    @Arg('after', () => String, AFTER) _after: string | null | undefined,
    @Ctx() context: PaymentsContext,
  ): Promise<PaymentEvent> {
    requireUser(context.viewer);
    const payment = await readablePayment(paymentId, context);
    const row = await context.loaders.payment.load(paymentId);
    if (!payment || !row) throw badUserInput('No such payment.');
    const change = root.envelope?.payload as PaymentStatusChanged | undefined;
    if (!change) root.shows = { name: paymentStatusChanged.name, key: paymentId, sequence: row.version };
    const previous = change?.previousStatus as keyof typeof PaymentStatus | null | undefined;
    return { ...headOf(root), payment, previousStatus: previous ? PaymentStatus[previous] : null };
  }

  @Subscription(() => PayoutEvent, {
    topics: 'gateway',
    description: "Each change of a vendor's settlements and payouts. For those who act for the vendor, and operators.",
  })
  async payoutFeed(
    @Root() root: StreamRoot,
    @Arg('vendorId', () => ID, { description: 'The vendor.' }) vendorId: string,
    @Arg('after', () => String, AFTER) _after: string | null | undefined,
    @Ctx() { viewer, loaders, deps }: PaymentsContext,
  ): Promise<PayoutEvent> {
    requireUser(viewer);
    if (!mayReadMoneyOf(viewer, vendorId)) throw forbidden();
    if (!root.envelope) {
      const newest = await newestSettlementOf(deps.orm.em.fork(), vendorId);
      return { ...headOf(root), settlement: newest && toSettlementType(newest), payout: null };
    }
    if (root.envelope.name === payoutChanged.name) {
      const change = root.envelope.payload as PayoutChanged;
      if (change.vendorId !== vendorId) throw eventSkipped();
      const payout = await loaders.payout.load(change.payoutId);
      return { ...headOf(root), settlement: null, payout: payout && toPayoutType(payout) };
    }
    const { settlementId, vendorId: owner } = root.envelope.payload as SettlementChanged;
    if (owner !== vendorId) throw eventSkipped();
    const row = await loaders.settlement.load(settlementId);
    return { ...headOf(root), settlement: row && toSettlementType(row), payout: null };
  }
}

function headOf({ cursor, occurredAt, kind }: StreamRoot): { cursor: string; occurredAt: Date; kind: StreamEventKind } {
  return { cursor, occurredAt: new Date(occurredAt), kind: StreamEventKind[kind] };
}
