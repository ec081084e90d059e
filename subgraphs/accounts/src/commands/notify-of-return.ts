import type { EntityManager } from '@marketgraph/platform/postgres';
import { returnNotices } from '../domain/notification.ts';
import { usersOfVendor } from '../store/vendors.ts';
import type { CommandDeps } from './deps.ts';
import { notify } from './notify.ts';

/** Each side of a return hears of what the other has done. */
export async function notifyOfReturn(
  em: EntityManager,
  deps: Pick<CommandDeps, 'ids' | 'clock' | 'wakeMailer'>,
  change: { returnId: string; orderId: string; vendorId: string; buyerId: string; status: string },
  trace?: string,
): Promise<void> {
  const vendorUserIds = await usersOfVendor(em, change.vendorId);
  // In the order of their ids: two of these that run at once lock the same users in the same order.
  for (const notice of returnNotices(change, { vendorUserIds })) await notify(em, deps, notice, trace);
}
