import type { EntityManager } from '@marketgraph/platform/postgres';
import { addPayoutAccount } from '../store/payout-accounts.ts';
import type { PaymentsDeps } from './payments-deps.ts';

/** A vendor may sell: it will need somewhere to be paid. The provider is asked after the commit, by the loop. */
export async function requestPayoutAccount(deps: PaymentsDeps, em: EntityManager, vendorId: string): Promise<void> {
  await addPayoutAccount(em, vendorId, { ids: deps.ids, now: deps.clock.now() });
}
