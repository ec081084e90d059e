import { ProviderRefusedError, ProviderUnavailableError } from '../clients/provider.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { addCustomer, findCustomerOf } from '../store/payment-methods.ts';
import type { PaymentsDeps } from './payments-deps.ts';

/**
 * The buyer asked for the card to be kept. The provider does that when the buyer confirms; whoever has confirmed
 * already comes too late, which is no reason to refuse the payment. Harmless to repeat.
 */
export async function keepMethod(deps: PaymentsDeps, { buyerId, gatewayReference }: PaymentRow): Promise<void> {
  if (!gatewayReference) return;
  const customer = (await findCustomerOf(deps.orm.em.fork(), buyerId)) ?? (await openCustomer(deps, buyerId));
  try {
    await deps.provider.keepMethodOf(gatewayReference, customer);
  } catch (error) {
    if (!(error instanceof ProviderRefusedError && error.reason === 'state')) throw error;
  }
}

/** A customer whose answer was lost for good stays behind, empty: nothing is ever kept for it. */
async function openCustomer(deps: PaymentsDeps, userId: string): Promise<string> {
  const idempotencyKey = `customer:${userId}`;
  let reference: string;
  try {
    reference = await deps.provider.openCustomer({ userId, idempotencyKey });
  } catch (error) {
    if (!(error instanceof ProviderUnavailableError)) throw error;
    // The provider repeats a stored failure for a day, so the second try has another key.
    const another = `${idempotencyKey}:${deps.ids.next('try')}`;
    reference = await deps.provider.openCustomer({ userId, idempotencyKey: another });
  }
  return addCustomer(deps.orm.em.fork(), { userId, reference, now: deps.clock.now() });
}
