import { isSameMoney, type Money, type Rejection } from '@marketgraph/platform/core';
import { inTransaction, onceByKey } from '@marketgraph/platform/postgres';
import { type Failure, failureOf, isEnded } from '../domain/checkout.ts';
import { type CheckoutRecord, findCheckoutByPayment, readCheckout } from '../store/checkouts.ts';
import { savePurchaseOrderNumber } from '../store/order-writes.ts';
import { CheckoutStalledError, driveCheckout } from './advance-checkout.ts';
import { answerWithin } from './answer-within.ts';
import type { CheckoutAnswer } from './start-checkout.ts';
import type { Cause, Services } from './services.ts';

export interface CompleteCheckout {
  cartId: string;
  paymentId: string;
  expectedTotal: Money;
  purchaseOrderNumber?: string | null;
  buyerId: string;
  idempotencyKey: string;
  cause: Cause;
}

const MAX_PURCHASE_ORDER_NUMBER = 100;

/**
 * The buyer says the payment was made. The provider is asked, and the saga goes
 * on as with any other news of the payment; whoever was first, the answer is
 * where the order stands.
 */
export async function completeCheckout(services: Services, command: CompleteCheckout): Promise<CheckoutAnswer> {
  const { cartId, paymentId, expectedTotal, purchaseOrderNumber = null } = command;
  const call = {
    principal: command.buyerId,
    operation: 'checkoutComplete',
    key: command.idempotencyKey,
    input: { cartId, paymentId, expectedTotal, purchaseOrderNumber },
  };
  const found: { record?: CheckoutRecord } = {};
  try {
    const once = await inTransaction(services.orm, (em) =>
      onceByKey(
        em,
        call,
        async (known: CheckoutRecord | undefined) => {
          const { orderId } = (found.record = ownCheckout(known, command));
          if (purchaseOrderNumber) await savePurchaseOrderNumber(em, orderId, purchaseOrderNumber);
          return { orderId };
        },
        () => findCheckoutByPayment(em, cartId, paymentId),
      ),
    );
    if (once.kind === 'reused') {
      return refused({ code: 'IDEMPOTENCY_KEY_REUSED', message: 'This key was used for another completion.' });
    }
    found.record ??= await readCheckout(services.orm.em.fork(), once.answer.orderId);
  } catch (error) {
    if (error instanceof RefusedError) return refused(error.rejection, error.record);
    throw error;
  }
  const { record } = found;
  if (!record) throw new Error('A checkout was completed that is not there.');
  return isEnded(record.state) ? answerOf(record) : await drive(services, record, command.cause);
}

/** Rolls back: a refused call does not use up its key. */
class RefusedError extends Error {
  constructor(
    readonly rejection: Rejection,
    readonly record?: CheckoutRecord,
  ) {
    super(rejection.message);
  }
}

function ownCheckout(record: CheckoutRecord | undefined, command: CompleteCheckout): CheckoutRecord {
  if (!record || record.principal !== command.buyerId) {
    throw new RefusedError({ code: 'NOT_FOUND', message: 'There is no such checkout.', field: ['paymentId'] });
  }
  const wrong = wrongInput(record, command);
  if (wrong) throw new RefusedError(wrong, record);
  return record;
}

async function drive(services: Services, record: CheckoutRecord, cause: Cause): Promise<CheckoutAnswer> {
  const { orderId } = record;
  const waits = record.state.status === 'AWAITING_PAYMENT';
  const event = waits ? ({ type: 'completionAsked' } as const) : ({ type: 'resumed' } as const);
  const outcome = await answerWithin(
    services,
    driveCheckout(services, { orderId, event, cause, record, trace: record.trace }),
    'completing a checkout',
  );
  if (outcome.done) return answerOf(outcome.value.record, outcome.value.answers.paymentNeedsAction);
  if (outcome.error && !(outcome.error instanceof CheckoutStalledError)) throw outcome.error;
  // Slow is not failed: the order is pending, and whoever hears of the payment first goes on.
  return answerOf((await readCheckout(services.orm.em.fork(), orderId)) ?? record);
}

function answerOf(record: CheckoutRecord, needsAction = false): CheckoutAnswer {
  const failure: Failure | undefined = record.state.status === 'EXPIRING' ? undefined : failureOf(record.state);
  if (failure) return { record, rejections: failure.refusals?.length ? failure.refusals : [failure] };
  if (record.state.status === 'AWAITING_PAYMENT' && needsAction) {
    const message = 'The payment has not been made yet: confirm it with the provider first.';
    return { record, rejections: [{ code: 'PAYMENT_ACTION_REQUIRED', message }] };
  }
  return { record, rejections: [] };
}

function wrongInput({ draft }: CheckoutRecord, command: CompleteCheckout): Rejection | undefined {
  const { expectedTotal, purchaseOrderNumber } = command;
  if (expectedTotal.currencyCode !== draft.currencyCode) {
    return { code: 'INVALID', message: `This order is in ${draft.currencyCode}.`, field: ['expectedTotal'] };
  }
  if (!isSameMoney(expectedTotal, draft.total)) {
    return { code: 'CART_CHANGED', message: 'The order has another total.', field: ['expectedTotal'] };
  }
  if (purchaseOrderNumber && purchaseOrderNumber.length > MAX_PURCHASE_ORDER_NUMBER) {
    const message = `At most ${MAX_PURCHASE_ORDER_NUMBER} characters.`;
    return { code: 'INVALID', message, field: ['purchaseOrderNumber'] };
  }
  return undefined;
}

function refused(rejection: Rejection, record?: CheckoutRecord): CheckoutAnswer {
  return { ...(record ? { record } : {}), rejections: [rejection] };
}
