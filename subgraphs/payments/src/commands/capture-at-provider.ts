import { betweenCrashPoints, type Money } from '@marketgraph/platform/core';
import { type OwnIntent, ProviderRefusedError, ProviderUnavailableError } from '../clients/provider.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';

export interface CaptureOutcome {
  own: OwnIntent;
  /** Why the provider took nothing, when it took nothing. */
  refused: ProviderRefusedError | null;
}

/**
 * Takes the money, once: an intent can be captured only once at the provider,
 * whatever keys are used. When the answer is lost the intent is looked at, and
 * only if nothing was taken asked once more, under a new key, because the
 * provider repeats a stored failure for the old one.
 */
export function captureAtProvider(deps: PaymentsDeps, row: PaymentRow, amount: Money): Promise<CaptureOutcome> {
  return deps.capturing(`${row.id}:${amount.amount}`, async () => {
    const reference = row.gatewayReference;
    if (!reference) throw new Error(`Payment ${row.id} has no intent to capture.`);
    const key = `capture:${row.id}:${amount.amount}`;
    const look = () => deps.provider.retrieveIntent(reference);
    const attempt = async (idempotencyKey: string): Promise<CaptureOutcome> => {
      try {
        const intent = await betweenCrashPoints('provider.capture', () =>
          deps.provider.captureIntent(reference, amount, idempotencyKey),
        );
        return { own: { intent, clientSecret: row.clientSecret ?? null, paymentId: row.id }, refused: null };
      } catch (error) {
        if (!(error instanceof ProviderRefusedError)) throw error;
        const own = await look();
        return { own, refused: own.intent.status === 'succeeded' ? null : error };
      }
    };
    try {
      return await attempt(key);
    } catch (error) {
      if (!(error instanceof ProviderUnavailableError)) throw error;
      const own = await look();
      if (own.intent.status === 'succeeded') return { own, refused: null };
      return attempt(`${key}:${deps.ids.next('try')}`);
    }
  });
}
