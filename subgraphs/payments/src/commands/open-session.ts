import { accept, type Money, reject, type Result } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { isCaptured, type MethodSummary } from '../domain/payment.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import { findPayment, findPaymentOfCart } from '../store/payments.ts';
import { claimKey } from './claim-key.ts';
import { isOffered, offerMethod } from './offer-method.ts';
import { keepMethod } from './keep-method.ts';
import type { Caller, PaymentsDeps } from './payments-deps.ts';

export interface OpenSession {
  buyerId: string;
  cartId: string;
  amount: Money;
  methodKind: MethodSummary['kind'];
  /** The buyer wants the method kept for the next time. */
  saveMethod: boolean;
}

/** Gives the buyer's client what it needs to confirm: the payment that checkout made for the cart, never another amount. */
export async function openSession(deps: PaymentsDeps, caller: Caller, input: OpenSession): Promise<Result<PaymentRow>> {
  const { methodKind } = input;
  if (!isOffered(methodKind)) {
    return reject('INVALID', 'This way to pay is not offered.', { field: ['methodKind'] });
  }
  const read = (em: EntityManager) => findPaymentOfCart(em, input.cartId);
  const claimed = await claimKey(deps, { caller, operation: 'paymentSessionCreate', input, read }, async (_, row) => {
    // A cart of somebody else reads like one that was never checked out.
    if (!row?.clientSecret || row.buyerId !== input.buyerId) {
      return reject('NOT_FOUND', 'No checkout of this cart waits for a payment.', { field: ['cartId'] });
    }
    if (isCaptured(row.status) || row.status === 'VOIDED') {
      return reject('CONFLICT', 'The payment of this cart has ended.', { field: ['cartId'] });
    }
    if (row.amount !== input.amount.amount || row.currency !== input.amount.currencyCode) {
      return reject('PRICE_CHANGED', 'The amount is not what the checkout asks for.', { field: ['amount'] });
    }
    return accept(row.id);
  });
  if (!claimed.ok) return claimed;
  const row = (await findPayment(deps.orm.em.fork(), claimed.value.id))!;
  const offered = await offerMethod(deps, row, methodKind);
  if (!offered.ok) return offered;
  if (input.saveMethod && methodKind === 'CARD') await keepMethod(deps, row);
  return accept(row);
}
