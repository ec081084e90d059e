import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { acceptVendorOrder, type Order, type OrderFact, rejectVendorOrder } from '../domain/order.ts';
import { type LockedOrder, lockOrder } from '../store/order-writes.ts';
import { giveBackParts } from './give-back.ts';
import { recordOrderChange } from './record-order-change.ts';
import type { Cause, Services } from './services.ts';

interface Decision {
  orderId: string;
  vendorOrderId: string;
  expectedVersion: number;
  cause: Cause;
}

const MAX_REASON = 1_000;

export async function acceptVendorOrderCommand(services: Services, command: Decision): Promise<Result<null>> {
  return await decide(services, command, (order) => acceptVendorOrder(order, command.vendorOrderId));
}

/** The vendor cannot deliver. The part ends here, and its money and units go back. */
export async function rejectVendorOrderCommand(
  services: Services,
  command: Decision & { reason: string },
): Promise<Result<null>> {
  const reason = command.reason.trim();
  if (reason === '' || reason.length > MAX_REASON) {
    return reject('INVALID', `Give a reason of at most ${MAX_REASON} characters.`, { field: ['reason'] });
  }
  const { orderId, vendorOrderId } = command;
  const rejected = await decide(
    services,
    command,
    (order) => rejectVendorOrder(order, vendorOrderId, reason),
    (em) => giveBackParts(em, services, { orderId, vendorOrderIds: [vendorOrderId], reason }),
  );
  services.nudgeSweeper();
  return rejected;
}

async function decide(
  services: Services,
  { orderId, vendorOrderId, expectedVersion, cause }: Decision,
  rule: (order: Order) => Result<OrderFact[]>,
  alsoDo: (em: EntityManager) => Promise<void> = async () => undefined,
): Promise<Result<null>> {
  return inTransaction(services.orm, async (em: EntityManager) => {
    const locked = await lockOrder(em, orderId);
    const wrong = versionRefusal(locked, vendorOrderId, expectedVersion);
    if (!locked || wrong) return wrong ?? reject('NOT_FOUND', 'There is no such order.');
    const decided = rule(locked.order);
    if (!decided.ok) return decided;
    const vendorEvent = { type: 'STATUS_CHANGED', vendorOrderIds: [vendorOrderId] } as const;
    await recordOrderChange(em, services, {
      locked,
      change: { facts: decided.value, vendorOrderId, vendorEvent },
      cause,
    });
    await alsoDo(em);
    return accept(null);
  });
}

function versionRefusal(locked: LockedOrder | undefined, vendorOrderId: string, expectedVersion: number) {
  const currentVersion = locked?.vendorOrderVersions[vendorOrderId];
  if (currentVersion === undefined || currentVersion === expectedVersion) return undefined;
  return reject('VERSION_MISMATCH', `This order is at version ${currentVersion}.`, {
    field: ['expectedVersion'],
    details: { currentVersion },
  });
}
