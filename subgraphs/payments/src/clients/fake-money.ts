import { type Money, money } from '@marketgraph/platform/core';
import type { Intent } from '../domain/intent.ts';
import { ProviderRefusedError } from './provider.ts';
import type { MoneyProvider, ProviderRefund, ProviderReversal, ProviderTransfer } from './provider-money.ts';

export type MoneyOperation = 'refund' | 'transfer' | 'reverseTransfer';

interface Options {
  run<T>(operation: MoneyOperation, effect: () => T): Promise<T>;
  intent(reference: string): Intent;
  nextReference(prefix: string): string;
}

/** The part of the fake that pays out: one effect per key, and never more than there is. */
export function fakeMoney({ run, intent, nextReference }: Options): MoneyProvider {
  const refunds: (ProviderRefund & { intent: string })[] = [];
  const transfers: (ProviderTransfer & { orderId: string })[] = [];
  const reversals: (ProviderReversal & { transfer: string })[] = [];
  const replies = new Map<string, unknown>();

  const once = <T>(key: string, make: () => T): T => {
    if (!replies.has(key)) replies.set(key, make());
    return replies.get(key) as T;
  };
  const atMost = (asked: Money, most: number) => {
    if (asked.amount > most) throw new ProviderRefusedError('invalid', 'amount_too_large', 'More than there is.');
  };
  const total = (all: readonly { amount: Money }[]) => all.reduce((sum, { amount }) => sum + amount.amount, 0);

  return {
    refund: ({ refundId, intentReference, amount, idempotencyKey }) =>
      run('refund', () =>
        once(idempotencyKey, () => {
          const { received } = intent(intentReference);
          atMost(amount, received.amount - total(refunds.filter((one) => one.intent === intentReference)));
          const made = {
            reference: nextReference('re'),
            amount,
            status: 'SUCCEEDED' as const,
            failureCode: null,
            refundId,
            intent: intentReference,
          };
          refunds.push(made);
          return made;
        }),
      ),
    listRefunds: async (intentReference) =>
      structuredClone(refunds.filter((refund) => refund.intent === intentReference)),
    // Nobody's bank takes anything back here.
    listDisputes: async () => [],
    transfer: ({ settlementId, orderId, amount, idempotencyKey }) =>
      run('transfer', () =>
        once(idempotencyKey, () => {
          const reversed = money(0, amount.currencyCode);
          const made = { reference: nextReference('tr'), amount, reversed, settlementId, orderId };
          transfers.push(made);
          return made;
        }),
      ),
    listTransfers: async (orderId) => structuredClone(transfers.filter((transfer) => transfer.orderId === orderId)),
    reverseTransfer: ({ transferReference, operationId, amount, idempotencyKey }) =>
      run('reverseTransfer', () =>
        once(idempotencyKey, () => {
          const transfer = transfers.find(({ reference }) => reference === transferReference);
          if (!transfer) throw new ProviderRefusedError('missing', 'resource_missing', 'No such transfer.');
          atMost(amount, transfer.amount.amount - transfer.reversed.amount);
          transfer.reversed = money(transfer.reversed.amount + amount.amount, amount.currencyCode);
          const made = { reference: nextReference('trr'), amount, operationId, transfer: transferReference };
          reversals.push(made);
          return made;
        }),
      ),
    listReversals: async (reference) => structuredClone(reversals.filter(({ transfer }) => transfer === reference)),
  };
}
