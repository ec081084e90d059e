import { inTransaction } from '@marketgraph/platform/postgres';
import type { ProviderRefund } from '../clients/provider-money.ts';
import { isCaptured } from '../domain/payment.ts';
import { planRefund } from '../domain/refund.ts';
import { lockPayment } from '../store/payments.ts';
import { findRefund, findRefundByReference, lockSettlements, toRefundable } from '../store/refunds.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { recordRefund } from './record-refund.ts';
import { promiseRefund } from './request-refund.ts';

/**
 * Records every refund of a payment as the provider has it now. News of them
 * come late, twice and in any order; what is recorded is what the list says.
 */
export async function syncRefunds(deps: PaymentsDeps, payment: { id: string; intentReference: string }): Promise<void> {
  for (const seen of await deps.provider.listRefunds(payment.intentReference)) {
    const refundId = await ownRefund(deps, payment.id, seen);
    if (refundId) await recordRefund(deps, refundId, seen);
  }
}

async function ownRefund(deps: PaymentsDeps, paymentId: string, seen: ProviderRefund): Promise<string | null> {
  const em = deps.orm.em.fork();
  const known = seen.refundId ? await findRefund(em, seen.refundId) : await findRefundByReference(em, seen.reference);
  if (known) return known.paymentId === paymentId ? known.id : null;
  return seen.status === 'FAILED' ? null : adopt(deps, paymentId, seen);
}

/**
 * Somebody gave money back at the provider's own desk. It is gone, so it is
 * booked like one of the whole order that we were asked for; when that cannot be, an
 * operator has to look, and the reconciliation keeps saying so.
 */
async function adopt(deps: PaymentsDeps, paymentId: string, seen: ProviderRefund): Promise<string | null> {
  return inTransaction(deps.orm, async (em) => {
    const payment = await lockPayment(em, paymentId);
    if (!payment || !isCaptured(payment.status)) return null;
    const again = await findRefundByReference(em, seen.reference);
    if (again) return again.id;
    const settlements = await lockSettlements(em, paymentId);
    const planned = planRefund(toRefundable(payment, settlements), { vendorOrderId: null, amount: seen.amount });
    if (!planned.ok) {
      const { message } = planned.rejection;
      deps.log.error({ paymentId, reference: seen.reference, message }, 'a refund at the provider that is not ours');
      return null;
    }
    const request = { vendorOrderId: null, returnId: null, reason: 'Refunded at the provider' };
    const refund = await promiseRefund(deps, em, { payment, settlements, parts: planned.value, request });
    refund.gatewayReference = seen.reference;
    await em.flush();
    return refund.id;
  });
}
