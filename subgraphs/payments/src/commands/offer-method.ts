import { accept, reject, type Result } from '@marketgraph/platform/core';
import type { OfferedKind } from '../clients/provider-methods.ts';
import { ProviderRefusedError } from '../clients/provider.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';

const OFFERED: ReadonlySet<string> = new Set<OfferedKind>(['CARD', 'WALLET', 'UPI', 'INSTALLMENTS']);

export function isOffered(kind: string): kind is OfferedKind {
  return OFFERED.has(kind);
}

/**
 * Sets the provider's intent to the way to pay that the buyer chose. Who has confirmed already has chosen; the session is still
 * good for what was chosen then. The choice is kept after the provider has it, so that a lost answer is asked for again.
 */
export async function offerMethod(deps: PaymentsDeps, row: PaymentRow, kind: OfferedKind): Promise<Result<true>> {
  if (row.offeredKind === kind || !row.gatewayReference) return accept(true);
  try {
    await deps.provider.offerMethod(row.gatewayReference, kind);
  } catch (error) {
    if (!(error instanceof ProviderRefusedError)) throw error;
    if (error.reason === 'state') return accept(true);
    return reject('INVALID', `The provider does not offer ${kind} for this payment.`, { field: ['methodKind'] });
  }
  await deps.orm.em.fork().execute('update payment set offered_kind = ? where id = ?', [kind, row.id]);
  return accept(true);
}
