import { appendToOutbox, type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { explainWaiting, findReleasable, lockAccountOf, lockDueSettlements } from '../store/payouts.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { startPayout } from './start-payout.ts';
import { tellSettlement } from './tell-settlement.ts';

const BATCH = 100;
const VENDORS = 50;

/**
 * Settlements whose return window has ended become RELEASABLE, and what is
 * RELEASABLE becomes a payout for each vendor that can be paid. A vendor that
 * cannot keeps it, with the reason; it is paid once its account is ready.
 */
export async function releaseSettlements(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const due = await inTransaction(deps.orm, (em) => markDue(deps, em));
  const groups = await findReleasable(deps.orm.em.fork(), VENDORS);
  for (const group of groups) {
    try {
      await payVendor(deps, group);
    } catch (error) {
      // One vendor must not hold up the others; this one is found again.
      deps.log.warn({ err: error, vendorId: group.vendorId }, 'payout could not be made');
    }
  }
  return due === BATCH || groups.length === VENDORS ? 'busy' : 'idle';
}

async function markDue(deps: PaymentsDeps, em: EntityManager): Promise<number> {
  const rows = await lockDueSettlements(em, BATCH);
  const now = deps.clock.now();
  for (const row of rows) {
    row.status = 'RELEASABLE';
    row.version += 1;
    row.updatedAt = now;
  }
  await em.flush();
  await appendToOutbox(em, rows.map(tellSettlement), { ids: deps.ids, now });
  return rows.length;
}

async function payVendor(
  deps: PaymentsDeps,
  { vendorId, currency }: { vendorId: string; currency: string },
): Promise<void> {
  await inTransaction(deps.orm, async (em) => {
    const account = await lockAccountOf(em, vendorId);
    if (account?.status === 'ACTIVE') {
      await startPayout(deps, em, { vendorId, currency });
      return;
    }
    const problem = account ? `The vendor's account is ${account.status}.` : 'The vendor has no account yet.';
    await explainWaiting(em, { vendorId, problem, now: deps.clock.now() });
  });
}
