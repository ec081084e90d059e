import type { NewEvent } from '@marketgraph/platform/messaging';
import type { VendorStatement } from '../clients/vendor-directory.ts';
import { isActive } from '../domain/vendor.ts';
import { listingsChanged } from '../events/out.ts';
import type { CatalogStore, Session } from '../store/catalog-store.ts';
import { listingsToTell } from '../store/offers.ts';
import { saveVendor } from '../store/vendors.ts';

/**
 * Remembers how a vendor stands, by whichever way it came; what is not newer than what is known changes nothing.
 * Resolves to what is to be told in the same transaction: offers that became available by it, or no longer are.
 */
export async function hearOfVendor(
  store: CatalogStore,
  vendor: VendorStatement,
  session: Session,
): Promise<readonly NewEvent[]> {
  const before = await saveVendor(store, vendor, vendor.version, session);
  if (!before || isActive(before) === isActive(vendor)) return [];
  const version = { key: vendor.id, sequence: vendor.version + before.ratingSequence };
  return [listingsChanged(await listingsToTell(store, { vendorId: vendor.id }, session), version)];
}
