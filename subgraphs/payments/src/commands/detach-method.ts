import { accept, reject, type Result } from '@marketgraph/platform/core';
import { ProviderRefusedError } from '../clients/provider.ts';
import type { SavedMethod } from '../clients/provider-methods.ts';
import { isSameMethod } from '../domain/payment.ts';
import { findCustomerOf, findMethodOf, forgetMethod } from '../store/payment-methods.ts';
import type { PaymentsDeps } from './payments-deps.ts';

/**
 * The owner wants a way to pay forgotten: at the provider as often as it is kept there (a card typed in twice is kept
 * twice), then here. In this order, so that a crash in between leaves something to call this on again. A payment that
 * was begun with it goes on, as the provider has it: what was authorised is still captured, and refunded.
 */
export async function detachMethod(
  deps: PaymentsDeps,
  { userId, methodId }: { userId: string; methodId: string },
): Promise<Result<true>> {
  const em = deps.orm.em.fork();
  const row = await findMethodOf(em, userId, methodId);
  if (!row) return reject('NOT_FOUND', 'No such payment method.', { field: ['id'] });
  const customer = await findCustomerOf(em, userId);
  if (customer) {
    const kept = async (): Promise<SavedMethod[]> =>
      (await deps.provider.listSavedMethods(customer)).filter(({ method }) => isSameMethod(method, row));
    for (const { reference } of await kept()) await detach(deps, reference);
    if ((await kept()).length > 0) throw new Error(`Payment method ${methodId} is still kept by the provider.`);
  }
  await forgetMethod(em, userId, methodId);
  return accept(true);
}

async function detach(deps: PaymentsDeps, reference: string): Promise<void> {
  try {
    await deps.provider.detachMethod(reference);
  } catch (error) {
    // Another copy of this call may have been quicker; the list decides afterwards.
    if (!(error instanceof ProviderRefusedError)) throw error;
  }
}
