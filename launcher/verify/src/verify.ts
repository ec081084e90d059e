import { auditInvariants } from './invariants/audit.ts';
import { deadLetterInvariants, outboxInvariants } from './invariants/events.ts';
import { ledgerImbalances, ledgerInvariants } from './invariants/ledger.ts';
import { historyInvariants, sagaInvariants } from './invariants/orders.ts';
import { orderPaymentInvariants, paymentInvariants } from './invariants/payments.ts';
import { readModelInvariants } from './invariants/read-models.ts';
import { reservationInvariants, stockInvariants } from './invariants/stock.ts';
import type { Finding, Invariant } from './invariant.ts';
import type { StoreAccess } from './store-access.ts';
import { openStores } from './store-readers.ts';

export { type StoreAccess, storeAccessShape } from './store-access.ts';

export const invariants: readonly Invariant[] = [
  ...ledgerInvariants,
  ...paymentInvariants,
  ...stockInvariants,
  ...orderPaymentInvariants,
  ...sagaInvariants,
  ...reservationInvariants,
  ...outboxInvariants,
  ...readModelInvariants,
  ...deadLetterInvariants,
  ...auditInvariants,
  ...historyInvariants,
];

export interface Verdict extends Finding {
  id: string;
  title: string;
  /** Why it could not be looked at. */
  error?: string;
}

/** Looks at every invariant, one after another, also when one of them could not be looked at. */
export async function verifyStores(
  access: StoreAccess,
  options: { only?: readonly string[]; onVerdict?(verdict: Verdict): void } = {},
): Promise<Verdict[]> {
  const stores = openStores(access);
  const verdicts: Verdict[] = [];
  try {
    for (const { id, title, check } of invariants) {
      if (options.only && !options.only.includes(id)) continue;
      const verdict: Verdict = await check(stores).then(
        (found) => ({ id, title, ...found }),
        (error: unknown) => ({ id, title, checked: 0, violations: 0, examples: [], error: reasonOf(error) }),
      );
      verdicts.push(verdict);
      options.onVerdict?.(verdict);
    }
    return verdicts;
  } finally {
    await stores.close();
  }
}

/** Debits less credits of the books, by currency. */
export async function imbalancesOf(access: StoreAccess): Promise<[currency: string, minorUnits: number][]> {
  const stores = openStores(access);
  try {
    return await ledgerImbalances(stores);
  } finally {
    await stores.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
