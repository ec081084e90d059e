import type { PaymentRow } from '../store/payment.entity.ts';
import { findPayment } from '../store/payments.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { requestRefund } from './request-refund.ts';

/**
 * Some ways to pay know no holding: the money is taken before the goods are certain. When they turn out to be gone, all of it goes
 * back, once. A refund that the provider does not answer is finished by the sweep.
 */
export async function giveBackUnsold(deps: PaymentsDeps, row: PaymentRow): Promise<PaymentRow> {
  const { id, orderId } = row;
  const input = { orderId, vendorOrderId: null, amount: null, reason: 'The order could not be made.', returnId: null };
  const caller = { principal: 'service:payments', idempotencyKey: `unsold:${id}` };
  if (row.refundedAmount + row.refundingAmount < row.capturedAmount) {
    const asked = await requestRefund(deps, caller, input);
    // Given back by somebody else meanwhile is what was wanted.
    if (!asked.ok && asked.rejection.code !== 'REFUND_EXCEEDS') throw new Error(asked.rejection.message);
  }
  return (await findPayment(deps.orm.em.fork(), id))!;
}
