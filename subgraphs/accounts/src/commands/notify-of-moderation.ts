import type { EntityManager } from '@marketgraph/platform/postgres';
import { moderationNotices } from '../domain/notification.ts';
import { usersOfVendor } from '../store/vendors.ts';
import type { CommandDeps } from './deps.ts';
import { notify } from './notify.ts';

/** Everybody who sells for the vendor of a product hears what a moderator has decided, and why. */
export async function notifyOfModeration(
  em: EntityManager,
  deps: Pick<CommandDeps, 'ids' | 'clock' | 'wakeMailer'>,
  verdict: { productId: string; vendorId: string; title: string; decision: string; reason: string | null },
  { sequence, trace }: { sequence: number; trace?: string },
): Promise<void> {
  const vendorUserIds = await usersOfVendor(em, verdict.vendorId);
  for (const notice of moderationNotices(verdict, { vendorUserIds, sequence })) await notify(em, deps, notice, trace);
}
