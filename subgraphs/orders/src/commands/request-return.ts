import { accept, reject, type Result, withoutCardNumbers } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Units } from '../domain/order.ts';
import { requestReturn } from '../domain/returns.ts';
import { lockOrder } from '../store/order-writes.ts';
import { closedReturnWindows, insertReturn } from '../store/returns.ts';
import { decideOnce } from './decide-once.ts';
import { recordReturnChange } from './record-return-change.ts';
import type { Cause, Services } from './services.ts';

export interface RequestReturn {
  orderId: string;
  lines: readonly Units[];
  reason: string;
  principal: string;
  idempotencyKey: string;
  cause: Cause;
}

/** It goes with the refund, and payments takes no longer reasons. */
const MAX_REASON = 500;

/** The buyer wants to send units back. Resolves to the return's id; the same key gives the same return. */
export async function requestReturnCommand(
  services: Services,
  command: RequestReturn,
): Promise<Result<{ returnId: string }>> {
  const reason = withoutCardNumbers(command.reason.trim());
  if (reason === '' || reason.length > MAX_REASON) {
    return reject('INVALID', `Give a reason of at most ${MAX_REASON} characters.`, { field: ['reason'] });
  }
  const { orderId, lines, principal, idempotencyKey: key } = command;
  const call = { principal, operation: 'returnRequest', key, input: { orderId, lines, reason } };
  return decideOnce(services, call, (em) => request(em, services, { ...command, reason }));
}

async function request(
  em: EntityManager,
  services: Services,
  { orderId, lines, reason, cause }: RequestReturn,
): Promise<Result<{ returnId: string }>> {
  const locked = await lockOrder(em, orderId);
  if (!locked) return reject('NOT_FOUND', 'There is no such order.', { field: ['orderId'] });
  const returnId = services.ids.next('ret');
  const closed = await closedReturnWindows(em, orderId);
  const decided = requestReturn(locked.order, { returnId, lines, closed });
  if (!decided.ok) return decided;
  const { vendorOrderId, facts } = decided.value;
  await insertReturn(em, { id: returnId, orderId, vendorOrderId, reason, lines });
  await recordReturnChange(em, services, { locked, returnId, facts, cause });
  return accept({ returnId });
}
