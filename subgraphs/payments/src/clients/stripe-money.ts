import type Stripe from 'stripe';
import { money } from '@marketgraph/platform/core';
import type { DisputeStatus } from '../domain/dispute.ts';
import type {
  MoneyProvider,
  ProviderDispute,
  ProviderRefund,
  ProviderReversal,
  ProviderTransfer,
} from './provider-money.ts';

/** More refunds of one charge, parts of one order or reversals of one transfer than there can be of ours. */
const MAX_LISTED = 1_000;
const PAGE = 100;

/** `answered` sorts the SDK's errors into "said no" and "may have happened". */
export function stripeMoney(stripe: Stripe, answered: <T>(call: () => Promise<T>) => Promise<T>): MoneyProvider {
  return {
    refund: ({ refundId, intentReference, amount, idempotencyKey }) =>
      answered(async () =>
        toRefund(
          await stripe.refunds.create(
            {
              payment_intent: intentReference,
              amount: amount.amount,
              reason: 'requested_by_customer',
              metadata: { refundId },
            },
            { idempotencyKey },
          ),
        ),
      ),
    listRefunds: (intentReference) =>
      answered(async () => {
        const listed = stripe.refunds.list({ payment_intent: intentReference, limit: PAGE });
        return (await listed.autoPagingToArray({ limit: MAX_LISTED })).map(toRefund);
      }),
    listDisputes: (intentReference) =>
      answered(async () => {
        const listed = stripe.disputes.list({ payment_intent: intentReference, limit: PAGE });
        return (await listed.autoPagingToArray({ limit: MAX_LISTED })).flatMap(toDispute);
      }),
    transfer: ({ settlementId, orderId, destination, chargeReference, amount, idempotencyKey }) =>
      answered(async () =>
        toTransfer(
          await stripe.transfers.create(
            {
              amount: amount.amount,
              currency: amount.currencyCode.toLowerCase(),
              destination,
              source_transaction: chargeReference,
              transfer_group: orderId,
              metadata: { settlementId },
            },
            { idempotencyKey },
          ),
        ),
      ),
    listTransfers: (orderId) =>
      answered(async () => {
        const listed = stripe.transfers.list({ transfer_group: orderId, limit: PAGE });
        return (await listed.autoPagingToArray({ limit: MAX_LISTED })).map(toTransfer);
      }),
    reverseTransfer: ({ transferReference, operationId, amount, idempotencyKey }) =>
      answered(async () =>
        toReversal(
          await stripe.transfers.createReversal(
            transferReference,
            { amount: amount.amount, metadata: { operationId } },
            { idempotencyKey },
          ),
        ),
      ),
    listReversals: (transferReference) =>
      answered(async () => {
        const listed = stripe.transfers.listReversals(transferReference, { limit: PAGE });
        return (await listed.autoPagingToArray({ limit: MAX_LISTED })).map(toReversal);
      }),
  };
}

function toRefund(source: Stripe.Refund): ProviderRefund {
  return {
    reference: source.id,
    amount: money(source.amount, source.currency.toUpperCase()),
    status: refundStatusOf(source.status),
    failureCode: source.failure_reason ?? null,
    refundId: source.metadata?.['refundId'] ?? null,
  };
}

/** Of an inquiry, or one that the provider could prevent, nothing is taken. */
function toDispute(source: Stripe.Dispute): ProviderDispute[] {
  const status = disputeStatuses.get(source.status);
  if (!status) return [];
  return [
    {
      reference: source.id,
      amount: money(source.amount, source.currency.toUpperCase()),
      status,
      // As with fees: of an account that has its charges converted nothing is known in our currency.
      movements: source.balance_transactions
        .filter(({ currency }) => currency === source.currency)
        .map(({ id, amount, fee }) => ({ reference: id, amount: -amount, fee })),
    },
  ];
}

const disputeStatuses: ReadonlyMap<string, DisputeStatus> = new Map([
  ['needs_response', 'OPEN'],
  ['under_review', 'OPEN'],
  ['won', 'WON'],
  ['lost', 'LOST'],
]);

function refundStatusOf(status: string | null): ProviderRefund['status'] {
  if (status === 'succeeded') return 'SUCCEEDED';
  return status === 'failed' || status === 'canceled' ? 'FAILED' : 'PENDING';
}

function toTransfer(source: Stripe.Transfer): ProviderTransfer {
  const currencyCode = source.currency.toUpperCase();
  return {
    reference: source.id,
    amount: money(source.amount, currencyCode),
    reversed: money(source.amount_reversed, currencyCode),
    settlementId: source.metadata['settlementId'] ?? null,
  };
}

function toReversal(source: Stripe.TransferReversal): ProviderReversal {
  return {
    reference: source.id,
    amount: money(source.amount, source.currency.toUpperCase()),
    operationId: source.metadata?.['operationId'] ?? null,
  };
}
