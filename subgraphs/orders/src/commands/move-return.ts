import { accept, reject, type Result, withoutCardNumbers } from '@marketgraph/platform/core';
import { inTransaction } from '@marketgraph/platform/postgres';
import { moveReturn } from '../domain/returns.ts';
import { lockOrder } from '../store/order-writes.ts';
import { recordReturnChange } from './record-return-change.ts';
import type { Cause, Services } from './services.ts';

/** A return that the caller may move, and who moves it. */
export interface ReturnStep {
  orderId: string;
  returnId: string;
  cause: Cause;
}

const MAX_NOTE = 1_000;
const MAX_TRACKING_NUMBER = 100;

/** The vendor's answer to a request. */
export async function decideReturnCommand(
  services: Services,
  command: ReturnStep & { approve: boolean; note?: string | null },
): Promise<Result<null>> {
  const note = withoutCardNumbers(command.note?.trim() ?? '') || null;
  if ((note?.length ?? 0) > MAX_NOTE) return reject('INVALID', `At most ${MAX_NOTE} characters.`, { field: ['note'] });
  return await move(services, command, { to: command.approve ? 'APPROVED' : 'REJECTED', note });
}

/** The buyer has sent the goods. */
export async function shipReturnCommand(
  services: Services,
  command: ReturnStep & { trackingNumber: string },
): Promise<Result<null>> {
  const trackingNumber = withoutCardNumbers(command.trackingNumber.trim());
  if (trackingNumber === '' || trackingNumber.length > MAX_TRACKING_NUMBER) {
    return reject('INVALID', `From 1 to ${MAX_TRACKING_NUMBER} characters.`, { field: ['trackingNumber'] });
  }
  return await move(services, command, { to: 'IN_TRANSIT', trackingNumber });
}

/** The buyer keeps the goods after all, or they were lost on the way: the vendor's money is free again. */
export async function cancelReturnCommand(services: Services, command: ReturnStep): Promise<Result<null>> {
  return await move(services, command, { to: 'CANCELED' });
}

async function move(
  services: Services,
  { orderId, returnId, cause }: ReturnStep,
  step: { to: 'APPROVED' | 'REJECTED' | 'IN_TRANSIT' | 'CANCELED'; note?: string | null; trackingNumber?: string },
): Promise<Result<null>> {
  const { to, ...details } = step;
  return inTransaction(services.orm, async (em): Promise<Result<null>> => {
    const locked = await lockOrder(em, orderId);
    if (!locked) return reject('NOT_FOUND', 'There is no such return.', { field: ['id'] });
    const decided = moveReturn(locked.order, returnId, { to, note: details.note ?? null });
    if (!decided.ok) return decided;
    await recordReturnChange(em, services, { locked, returnId, facts: decided.value, details, cause });
    return accept(null);
  });
}
