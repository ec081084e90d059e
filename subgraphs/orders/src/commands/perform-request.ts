import type { Rejection } from '@marketgraph/platform/core';
import type { CallOptions } from '../clients/catalog.ts';
import { type CheckoutEvent, type CheckoutRequest, type Failure, TIME_UP } from '../domain/checkout.ts';
import { wantedUnits } from '../domain/cart.ts';
import { refusalsFor } from '../domain/deal-shortage.ts';
import type { DraftLine, OrderDraft } from '../domain/order-draft.ts';
import type { CheckoutRecord } from '../store/checkouts.ts';
import { clearCart } from './clear-cart.ts';
import type { Cause, Services } from './services.ts';

/** What was learned on the way that is told to the client and stored nowhere. */
export interface Answers {
  clientSecret?: string | null;
  paymentNeedsAction?: boolean;
}

/** Inventory decides in its own database; payments may have to wait for the provider. */
const INVENTORY_TIMEOUT_MS = 3_000;
const PAYMENTS_TIMEOUT_MS = 12_000;

/** Codes that say "not now" instead of "no": the outcome is unknown. */
const UNKNOWN_OUTCOMES = ['SERVICE_UNAVAILABLE', 'RATE_LIMITED'];

/**
 * Asks the service a request is for and turns its answer into the event the
 * saga understands. The same request may be performed again after a crash: its
 * key is the order's id, so the other side gives the same answer.
 */
export async function performRequest(
  services: Services,
  work: { record: CheckoutRecord; request: CheckoutRequest; answers: Answers; cause: Cause },
): Promise<CheckoutEvent> {
  const { record, request, answers, cause } = work;
  const { inventory, payments, settings } = services;
  const { orderId, draft } = record;
  const stock: CallOptions = { traceparent: cause.trace, timeoutMs: INVENTORY_TIMEOUT_MS };
  const money: CallOptions = { traceparent: cause.trace, timeoutMs: PAYMENTS_TIMEOUT_MS };

  switch (request.type) {
    case 'RESERVE_STOCK': {
      const { reservationTtlS: ttlSeconds } = settings;
      const sold = linesOf(draft);
      const lines = [...wantedUnits(sold), ...usesOf(draft)];
      const { countryCode, region } = draft.shippingAddress;
      const wanted = { cartId: draft.cartId, idempotencyKey: orderId, ttlSeconds, lines };
      const held = await inventory.reserve({ ...wanted, shipTo: { countryCode, region } }, stock);
      if (!held.ok) return { type: 'stockRefused', failure: failureFrom(refusalsFor(held.rejection, sold)) };
      return { type: 'stockReserved', reservation: { id: held.value.id, expiresAt: held.value.expiresAt } };
    }

    case 'CREATE_PAYMENT': {
      const created = await payments.create(newPaymentOf(draft), `${orderId}:create`, money);
      if (!created.ok) return { type: 'paymentRefused', failure: failureFrom(created.rejection) };
      answers.clientSecret = created.value.clientSecret;
      return { type: 'paymentCreated', paymentId: created.value.paymentId };
    }

    case 'LOOK_UP_PAYMENT': {
      const { needsAction, ...report } = await payments.lookUp(request.paymentId, money);
      answers.paymentNeedsAction = needsAction;
      return { type: 'paymentReported', report };
    }

    case 'CONFIRM_STOCK': {
      const confirmed = await inventory.confirm(request.reservationId, stock);
      if (confirmed.ok) return { type: 'stockConfirmed' };
      failureFrom(confirmed.rejection);
      return { type: 'stockGone', failure: TIME_UP };
    }

    case 'SETTLE_PAYMENT': {
      const settlement = { paymentId: request.paymentId, vendorOrders: settlementParts(draft) };
      const settled = await payments.settle(settlement, `${orderId}:settle`, money);
      if (settled.ok) return { type: 'paymentSettled' };
      const { message } = failureFrom(settled.rejection);
      return { type: 'captureRefused', failure: { code: 'PAYMENT_DECLINED', message } };
    }

    case 'VOID_PAYMENT': {
      const voided = await payments.void(request.paymentId, `${orderId}:void`, money);
      if (voided.ok) return { type: 'paymentVoided' };
      const { message } = failureFrom(voided.rejection);
      // A payment that is over already cannot be voided, and need not be.
      const { status } = await payments.lookUp(request.paymentId, money);
      if (status === 'VOIDED' || status === 'DECLINED') return { type: 'paymentVoided' };
      throw new Error(`A ${status} payment was not voided: ${message}`);
    }

    // A reservation that is not there any more holds nothing: both ways, the units are back.
    case 'REVERT_STOCK': {
      const reverted = await inventory.revert(request.reservationId, stock);
      if (!reverted.ok) services.log.warn({ orderId, why: failureFrom(reverted.rejection) }, 'nothing to revert');
      return { type: 'stockReverted' };
    }

    case 'RELEASE_STOCK': {
      const released = await inventory.release(request.reservationId, stock);
      if (!released.ok) services.log.info({ orderId, why: failureFrom(released.rejection) }, 'nothing to release');
      return { type: 'stockReleased' };
    }

    case 'CLEAR_CART':
      await clearCart(services, { cartId: draft.cartId, orderId });
      return { type: 'cartCleared' };
  }
}

export function newPaymentOf(draft: OrderDraft) {
  const { orderId, cartId, buyerId, total } = draft;
  return { orderId, cartId, buyerId, amount: total, description: `Order ${orderId}` };
}

export function linesOf(draft: OrderDraft): DraftLine[] {
  return draft.vendorOrders.flatMap((part) => part.lines);
}

/** A use of a promotion that is limited is held, sold and given back as a unit of stock is. */
function usesOf({ promotions = [] }: OrderDraft): { offerId: string; quantity: number }[] {
  return promotions
    .filter(({ isLimited }) => isLimited)
    .map(({ promotionId }) => ({ offerId: promotionId, quantity: 1 }));
}

function settlementParts(draft: OrderDraft) {
  return draft.vendorOrders.map((part) => ({
    vendorOrderId: part.vendorOrderId,
    vendorId: part.vendorId,
    gross: part.total,
    tax: part.taxTotal,
    shipping: part.shippingTotal,
    categoryIds: part.categoryIds,
    productTotal: { ...part.subtotal, amount: part.subtotal.amount - part.discountTotal.amount },
  }));
}

/** Throws for refusals that are none, so that the request is made again. */
function failureFrom(rejections: readonly Rejection[]): Failure {
  const unknown = rejections.find((rejection) => UNKNOWN_OUTCOMES.includes(rejection.code));
  if (unknown) throw new Error(unknown.message);
  const [first] = rejections;
  return {
    code: first?.code ?? 'CONFLICT',
    message: first?.message ?? 'Refused without a reason.',
    refusals: rejections,
  };
}
