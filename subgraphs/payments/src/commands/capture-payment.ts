import { accept, type Money, money, reject, type Result } from '@marketgraph/platform/core';
import { isCaptured } from '../domain/payment.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { findPayment, lockPayment } from '../store/payments.ts';
import { captureAtProvider } from './capture-at-provider.ts';
import { claimKey } from './claim-key.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';
import { recordIntent } from './record-intent.ts';
import { syncPayment } from './sync-payment.ts';

export interface CapturePayment {
  paymentId: string;
  /** Nothing: all that is authorised. */
  amount: Money | null;
}

/** An operator takes the money by hand. What is left of the authorisation is released by the provider. */
export async function capturePayment(
  deps: PaymentsDeps,
  caller: Caller,
  input: CapturePayment,
): Promise<Result<PaymentRow>> {
  const claimed = await claimKey(deps, { caller, operation: 'paymentCapture', input }, async (em) => {
    const row = await lockPayment(em, input.paymentId);
    if (!row) return reject('NOT_FOUND', 'No such payment.', { field: ['paymentId'] });
    if (row.status !== 'AUTHORIZED') {
      return reject('ILLEGAL_TRANSITION', `A payment that is ${row.status} cannot be captured.`, {
        field: ['paymentId'],
      });
    }
    const { amount } = input;
    if (amount && (amount.currencyCode !== row.currency || amount.amount < 1 || amount.amount > row.authorizedAmount)) {
      return reject('INVALID', 'The amount is not within what was authorised.', { field: ['amount'] });
    }
    return accept(row.id);
  });
  if (!claimed.ok) return claimed;
  const row = (await findPayment(deps.orm.em.fork(), input.paymentId))!;
  if (isCaptured(row.status)) return accept(row);
  const { own, refused } = await captureAtProvider(
    deps,
    row,
    input.amount ?? money(row.authorizedAmount, row.currency),
  );
  if (!(await recordIntent(deps, { paymentId: row.id, version: row.version }, own))) await syncPayment(deps, row.id);
  if (refused)
    return reject(refused.reason === 'declined' ? 'PAYMENT_DECLINED' : 'ILLEGAL_TRANSITION', refused.message);
  return accept((await findPayment(deps.orm.em.fork(), row.id))!);
}
