import { accept, type Money, reject, type Result } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { firstGiveBack } from '../domain/give-back.ts';
import { receiveReturn } from '../domain/returns.ts';
import { insertGiveBack } from '../store/give-backs.ts';
import { lockOrder } from '../store/order-writes.ts';
import { linesOfVendorOrders, vendorOrdersByIds } from '../store/orders.ts';
import { type StoredReturn, returnsByIds } from '../store/returns.ts';
import { decideOnce } from './decide-once.ts';
import { recordReturnChange } from './record-return-change.ts';
import type { Cause, Services } from './services.ts';

export interface ReceiveReturn {
  orderId: string;
  returnId: string;
  /** Whether the units can be sold again. */
  restock: boolean;
  principal: string;
  idempotencyKey: string;
  cause: Cause;
}

/**
 * The goods are with the vendor again. What follows, money and then units, is a
 * saga of its own (`give-back.ts`), begun in this transaction; the return is
 * REFUNDED when payments says that the buyer has the money.
 */
export async function receiveReturnCommand(services: Services, command: ReceiveReturn): Promise<Result<null>> {
  const { returnId, restock, principal, idempotencyKey: key } = command;
  const call = { principal, operation: 'returnReceive', key, input: { returnId, restock } };
  const received = await decideOnce(services, call, (em) => receive(em, services, command));
  services.nudgeSweeper();
  return received;
}

async function receive(
  em: EntityManager,
  services: Services,
  { orderId, returnId, restock, cause }: ReceiveReturn,
): Promise<Result<null>> {
  const locked = await lockOrder(em, orderId);
  const [stored] = await returnsByIds(em, [returnId]);
  if (!locked || !stored) return reject('NOT_FOUND', 'There is no such return.', { field: ['id'] });
  const [part] = await vendorOrdersByIds(em, [stored.vendorOrderId]);
  const lines = await linesOfVendorOrders(em, [stored.vendorOrderId]);
  const sold = { lines, shipping: part!.shippingTotal };
  const decided = receiveReturn(locked.order, returnId, { sold, restock });
  if (!decided.ok) return decided;
  const { facts, refund } = decided.value;
  const details = { received: { restock, refund } };
  await recordReturnChange(em, services, { locked, returnId, facts, details, cause });
  const offers = new Map(lines.map((line) => [line.id, line.offerId]));
  const units = stored.lines.map(({ lineId, quantity }) => ({ offerId: offers.get(lineId)!, quantity }));
  await beginGiveBack(em, services, { stored, refund, units: restock ? units : [] });
  return accept(null);
}

async function beginGiveBack(
  em: EntityManager,
  { ids, clock }: Pick<Services, 'ids' | 'clock'>,
  back: { stored: StoredReturn; refund: Money; units: { offerId: string; quantity: number }[] },
): Promise<void> {
  const { stored, refund, units } = back;
  const isFree = refund.amount === 0;
  if (isFree && units.length === 0) return;
  const record = {
    id: ids.next('gbk'),
    orderId: stored.orderId,
    vendorOrderId: stored.vendorOrderId,
    returnId: stored.id,
    amount: isFree ? null : refund,
    reason: stored.reason,
    units,
    // Nothing was paid for it: only the units are left to go back.
    state: isFree ? ({ status: 'RESTOCKING' } as const) : firstGiveBack,
  };
  await insertGiveBack(em, record, clock.now());
}
