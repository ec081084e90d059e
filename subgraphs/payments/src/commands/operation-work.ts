import type { Money } from '@marketgraph/platform/core';
import type { ProviderRefusedError } from '../clients/provider.ts';
import type { OperationRow, RefundRow } from '../store/refund.entity.ts';
import { bumpGeneration } from '../store/operations.ts';
import { findPayment } from '../store/payments.ts';
import { findRefund } from '../store/refunds.ts';
import { asking } from './asking.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { recordRefund } from './record-refund.ts';
import { reversalWork, transferWork } from './transfer-work.ts';

/** How one kind of operation is asked for, found again, and ended. */
export interface OperationWork {
  /** Looks for it in the provider's own list and records what is there. False: it is not there. */
  look(): Promise<boolean>;
  /** Asks for it and records the answer. */
  ask(amount: Money, idempotencyKey: string): Promise<void>;
  /** The provider said no: nothing happened. */
  refused(error: ProviderRefusedError): Promise<void>;
  /** Nobody knows, after this many tries. */
  unanswered(tries: number): Promise<void>;
}

/** Null: it cannot be done yet. */
export async function workOf(deps: PaymentsDeps, operation: OperationRow): Promise<OperationWork | null> {
  if (operation.kind === 'TRANSFER') return transferWork(deps, operation);
  if (operation.kind === 'REVERSAL') return reversalWork(deps, operation);
  const refund = await findRefund(deps.orm.em.fork(), operation.subjectId);
  if (!refund) throw new Error(`Refund ${operation.subjectId} is gone.`);
  const payment = await findPayment(deps.orm.em.fork(), refund.paymentId);
  if (!payment?.gatewayReference) throw new Error(`Payment ${refund.paymentId} has no intent to refund.`);
  return refundWork(deps, operation, { refund, intentReference: payment.gatewayReference });
}

function refundWork(
  deps: PaymentsDeps,
  operation: OperationRow,
  { refund, intentReference }: { refund: RefundRow; intentReference: string },
): OperationWork {
  return {
    async look() {
      const listed = await deps.provider.listRefunds(intentReference);
      const found = listed.find(({ refundId }) => refundId === refund.id);
      if (found) await recordRefund(deps, refund.id, found);
      return found !== undefined;
    },
    async ask(amount, idempotencyKey) {
      const made = await asking('REFUND', () =>
        deps.provider.refund({ refundId: refund.id, intentReference, amount, idempotencyKey }),
      );
      await recordRefund(deps, refund.id, made);
    },
    async refused(error) {
      deps.log.error({ refundId: refund.id, code: error.code, reason: error.message }, 'refund refused');
      // Our balance at the provider is too low for now: the buyer is still owed it.
      if (error.reason === 'balance') return bumpGeneration(deps.orm.em.fork(), operation.id, error.message);
      await recordRefund(deps, refund.id, { reference: null, status: 'FAILED', failureCode: error.code });
    },
    unanswered: async () => {},
  };
}
