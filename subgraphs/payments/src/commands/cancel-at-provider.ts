import { betweenCrashPoints } from '@marketgraph/platform/core';
import { type OwnIntent, ProviderRefusedError, ProviderUnavailableError } from '../clients/provider.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';

/** Releases what the provider holds and resolves to how the intent stands after it, which may be: captured. */
export async function cancelAtProvider(deps: PaymentsDeps, row: PaymentRow): Promise<OwnIntent> {
  const reference = row.gatewayReference;
  if (!reference) throw new Error(`Payment ${row.id} has no intent to cancel.`);
  try {
    await betweenCrashPoints('provider.cancel', () => deps.provider.cancelIntent(reference, `cancel:${row.id}`));
  } catch (error) {
    if (error instanceof ProviderUnavailableError) {
      const seen = await deps.provider.retrieveIntent(reference);
      if (seen.intent.status === 'succeeded' || seen.intent.status === 'canceled') return seen;
      // It did not happen, and the provider repeats its stored failure for the old key.
      await deps.provider.cancelIntent(reference, `cancel:${row.id}:${deps.ids.next('try')}`);
    } else if (!(error instanceof ProviderRefusedError && error.reason === 'state')) {
      throw error;
    }
  }
  return deps.provider.retrieveIntent(reference);
}
