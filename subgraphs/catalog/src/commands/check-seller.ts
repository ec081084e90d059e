import type { Outcome } from '../domain/outcome.ts';
import { maySell } from '../domain/vendor.ts';
import { findVendors } from '../store/vendors.ts';
import type { CommandDeps } from './command-deps.ts';

/**
 * Whether a vendor may bring something into the catalog. The read model says
 * yes; its no may be only late (the approval is still on its way), so that
 * accounts is asked before anybody is refused. Accounts away: the no stands.
 */
export async function checkSeller(deps: CommandDeps, vendorId: string): Promise<Outcome<true>> {
  const [known] = await findVendors(deps.store, [vendorId]);
  const verdict = maySell(known ?? null);
  if (verdict.ok) return verdict;
  try {
    const asked = await deps.vendors.find(vendorId);
    return asked ? maySell(asked) : verdict;
  } catch (error) {
    deps.log.warn({ err: error, vendorId }, 'accounts could not be asked about a vendor');
    return verdict;
  }
}
