import type { PaymentsDeps } from './payments-deps.ts';
import { recordDispute } from './record-dispute.ts';

/** Records every dispute of a payment as the provider has it now: news of them come late, twice and in any order. */
export async function syncDisputes(
  deps: PaymentsDeps,
  payment: { id: string; intentReference: string },
): Promise<void> {
  for (const seen of await deps.provider.listDisputes(payment.intentReference)) {
    await recordDispute(deps, payment.id, seen);
  }
}
