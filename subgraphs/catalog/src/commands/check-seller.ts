import type { Outcome } from '../domain/outcome.ts';
import { maySell } from '../domain/vendor.ts';
import { findVendors } from '../store/vendors.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';
import { hearOfVendor } from './hear-of-vendor.ts';

/**
 * Whether a vendor may bring something into the catalog. The read model says
 * yes; its no may be only late (the approval is still on its way), so that
 * accounts is asked before anybody is refused, and what it says is remembered:
 * what this vendor brings now is for sale at once. Accounts away: the no stands.
 */
export async function checkSeller(deps: CommandDeps, vendorId: string): Promise<Outcome<true>> {
  const [known] = await findVendors(deps.store, [vendorId]);
  const verdict = maySell(known ?? null);
  if (verdict.ok) return verdict;
  const asked = await deps.vendors.find(vendorId).catch((error: unknown) => {
    deps.log.warn({ err: error, vendorId }, 'accounts could not be asked about a vendor');
    return null;
  });
  if (!asked) return verdict;
  const answer = maySell(asked);
  if (answer.ok) {
    await inCommand(deps, {}, async ({ transaction, tell }) =>
      tell(...(await hearOfVendor(deps.store, asked, transaction.session))),
    );
  }
  return answer;
}
