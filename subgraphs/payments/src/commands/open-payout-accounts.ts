import { inTransaction } from '@marketgraph/platform/postgres';
import { payoutAccountStatus, type ProviderAccount } from '../domain/payout-account.ts';
import { findPayoutAccounts, lockPayoutAccount, takeUnopenedAccounts } from '../store/payout-accounts.ts';
import type { PaymentsDeps } from './payments-deps.ts';

const BATCH = 10;

/** Opens an account at the provider for each vendor that has none there yet, under a key of the account's own. */
export async function openPayoutAccounts(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const waiting = await takeUnopenedAccounts(deps.orm.em.fork(), deps.clock.now(), BATCH);
  for (const { id, vendorId } of waiting) {
    try {
      await openPayoutAccount(deps, { id, vendorId });
    } catch (error) {
      // One vendor's refusal must not hold up the others; this one is due again later.
      deps.log.warn({ err: error, vendorId }, 'payout account could not be opened');
    }
  }
  return waiting.length === BATCH ? 'busy' : 'idle';
}

/** Under a key of the account's own: asked twice, there is still one. */
export async function openPayoutAccount(
  deps: PaymentsDeps,
  { id, vendorId }: { id: string; vendorId: string },
): Promise<void> {
  await record(deps, id, await deps.provider.openAccount({ vendorId, idempotencyKey: `account:${id}` }));
}

/** Asks the provider how a vendor's account stands. */
export async function syncPayoutAccount(deps: PaymentsDeps, id: string): Promise<void> {
  const [row] = await findPayoutAccounts(deps.orm.em.fork(), [id]);
  if (!row?.providerReference) return;
  await record(deps, id, await deps.provider.retrieveAccount(row.providerReference));
}

async function record(deps: PaymentsDeps, id: string, account: ProviderAccount): Promise<void> {
  await inTransaction(deps.orm, async (em) => {
    const row = await lockPayoutAccount(em, id);
    if (!row) return;
    row.providerReference ??= account.reference;
    row.status = payoutAccountStatus(account);
    row.requirements = [...account.currentlyDue];
    row.version += 1;
    row.updatedAt = deps.clock.now();
    await em.flush();
  });
}
