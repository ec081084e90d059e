import type { Rejection, Result } from '@marketgraph/platform/core';
import { hasRole, IdempotencyKey, isMemberOf, requireUser, type UserViewer } from '@marketgraph/platform/graphql';
import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import {
  cancelReturnCommand,
  decideReturnCommand,
  type ReturnStep,
  shipReturnCommand,
} from '../commands/move-return.ts';
import { receiveReturnCommand } from '../commands/receive-return.ts';
import { requestReturnCommand } from '../commands/request-return.ts';
import type { Units } from '../domain/order.ts';
import type { StoredReturn } from '../store/returns.ts';
import { requireSeller, seesVendorOrder } from './access.ts';
import { causeOf, type OrdersContext } from './context.ts';
import { createLoaders } from './loaders.ts';
import { VendorOrder } from './order.type.ts';
import { toOrderLine, toVendorOrder } from './order-views.ts';
import {
  Return,
  ReturnDecideInput,
  ReturnLine,
  ReturnPayload,
  ReturnRequestInput,
  ReturnShipInput,
} from './return.type.ts';
import { toUserErrors } from './user-error.type.ts';

@Resolver(() => Return)
export class ReturnResolver {
  @Mutation(() => ReturnPayload, {
    description:
      'Asks the vendor to take units back: for the buyer, of what has arrived, until the return window ends.',
  })
  async returnRequest(
    @Ctx() context: OrdersContext,
    @Arg('input', () => ReturnRequestInput, { description: 'What, and why.' }) input: ReturnRequestInput,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key asks once.' }) idempotencyKey: string,
  ): Promise<ReturnPayload> {
    const { userId: principal } = requireUser(context.viewer);
    const order = await context.loaders.orders.load(input.orderId);
    if (order?.buyerId !== principal) return refused(NO_SUCH_ORDER);
    const lines = input.lines.map(({ lineId, quantity }): Units => ({ lineId, quantity }));
    const command = { ...input, lines, principal, idempotencyKey, cause: causeOf(context) };
    const requested = await requestReturnCommand(context.services, command);
    return requested.ok ? await payload(context, requested.value.returnId, requested) : refused(requested.rejection);
  }

  @Mutation(() => ReturnPayload, { description: 'The vendor’s answer to a request; operators may give it too.' })
  async returnDecide(
    @Ctx() context: OrdersContext,
    @Arg('input', () => ReturnDecideInput, { description: 'The answer.' }) { id, approve, note }: ReturnDecideInput,
  ): Promise<ReturnPayload> {
    requireReceiver(context);
    return await change(context, id, receives, (step) =>
      decideReturnCommand(context.services, { ...step, approve, note: note ?? null }),
    );
  }

  @Mutation(() => ReturnPayload, { description: 'The buyer has sent it.' })
  async returnShip(
    @Ctx() context: OrdersContext,
    @Arg('input', () => ReturnShipInput, { description: 'How.' }) { id, trackingNumber }: ReturnShipInput,
  ): Promise<ReturnPayload> {
    requireUser(context.viewer);
    return await change(context, id, sends, (step) => shipReturnCommand(context.services, { ...step, trackingNumber }));
  }

  @Mutation(() => ReturnPayload, {
    description: 'Calls a return off that is not received yet: for its buyer and for operators.',
  })
  async returnCancel(
    @Ctx() context: OrdersContext,
    @Arg('id', () => ID, { description: 'The return.' }) id: string,
  ): Promise<ReturnPayload> {
    requireUser(context.viewer);
    return await change(context, id, callsOff, (step) => cancelReturnCommand(context.services, step));
  }

  @Mutation(() => ReturnPayload, {
    description:
      'The vendor has the goods again; operators may say so too. The buyer’s money goes back by itself, and the units when they can be sold again.',
  })
  async returnReceive(
    @Ctx() context: OrdersContext,
    @Arg('id', () => ID, { description: 'The return.' }) id: string,
    @Arg('restock', () => Boolean, { description: 'Whether its units can be sold again.' }) restock: boolean,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key receives once.' })
    idempotencyKey: string,
  ): Promise<ReturnPayload> {
    const { userId: principal } = requireReceiver(context);
    return await change(context, id, receives, (step) =>
      receiveReturnCommand(context.services, { ...step, restock, principal, idempotencyKey }),
    );
  }

  @FieldResolver(() => VendorOrder, { description: 'Of what it is a return.' })
  async vendorOrder(@Root() { vendorOrderId }: Return, @Ctx() { loaders }: OrdersContext): Promise<VendorOrder> {
    const row = await loaders.vendorOrders.load(vendorOrderId);
    return toVendorOrder(row!);
  }

  @FieldResolver(() => [ReturnLine], { description: 'What comes back.' })
  async lines(@Root() { units }: Return, @Ctx() { loaders }: OrdersContext): Promise<ReturnLine[]> {
    const rows = await Promise.all(units.map(({ lineId }) => loaders.lines.load(lineId)));
    return units.map(({ quantity }, index) => ({ line: toOrderLine(rows[index]!), quantity }));
  }
}

@Resolver(() => VendorOrder)
export class VendorOrderReturnsResolver {
  @FieldResolver(() => [Return], { description: 'What its buyer sends or sent back, oldest first; at most 20.' })
  async returns(@Root() { id }: VendorOrder, @Ctx() { loaders }: OrdersContext): Promise<Return[]> {
    return (await loaders.returnsOfVendorOrder.load(id)).map(toReturn);
  }
}

export async function returnReference({ id }: Record<string, unknown>, context: OrdersContext): Promise<Return | null> {
  const row = typeof id === 'string' ? await context.loaders.returns.load(id) : null;
  return row && sees(context, row) ? toReturn(row) : null;
}

const NO_SUCH_ORDER: Rejection = { code: 'NOT_FOUND', message: 'There is no such order.', field: ['orderId'] };
const NO_SUCH_RETURN: Rejection = { code: 'NOT_FOUND', message: 'There is no such return.', field: ['id'] };

/** For what only those do who take goods back: a vendor, or an operator in its place. */
function requireReceiver({ viewer }: OrdersContext): UserViewer {
  const user = requireUser(viewer);
  if (!hasRole(user, 'OPERATOR')) requireSeller(user);
  return user;
}

function sends({ viewer }: OrdersContext, { buyerId }: StoredReturn): boolean {
  return viewer.kind === 'user' && viewer.userId === buyerId;
}

function receives({ viewer }: OrdersContext, { vendorId }: StoredReturn): boolean {
  return isMemberOf(viewer, vendorId) || hasRole(viewer, 'OPERATOR');
}

function callsOff(context: OrdersContext, stored: StoredReturn): boolean {
  return sends(context, stored) || hasRole(context.viewer, 'OPERATOR');
}

function sees({ viewer }: OrdersContext, stored: StoredReturn): boolean {
  // A return exists only of what was sold.
  return seesVendorOrder(viewer, { ...stored, confirmedAt: stored.requestedAt });
}

/** A step of a return by somebody who may take it; for everybody else there is no such return. */
async function change(
  context: OrdersContext,
  id: string,
  may: (context: OrdersContext, stored: StoredReturn) => boolean,
  command: (step: ReturnStep) => Promise<Result<unknown>>,
): Promise<ReturnPayload> {
  const stored = await context.loaders.returns.load(id);
  if (!stored || !may(context, stored)) return refused(NO_SUCH_RETURN);
  const step = { orderId: stored.orderId, returnId: id, cause: causeOf(context) };
  return await payload(context, id, await command(step));
}

async function payload(context: OrdersContext, id: string, outcome: Result<unknown>): Promise<ReturnPayload> {
  // What was loaded to authorise it is old.
  context.loaders = createLoaders(context.services, context.viewer);
  const row = await context.loaders.returns.load(id);
  return { return: row && toReturn(row), userErrors: outcome.ok ? [] : toUserErrors([outcome.rejection]) };
}

function refused(rejection: Rejection): ReturnPayload {
  return { return: null, userErrors: toUserErrors([rejection]) };
}

function toReturn(row: StoredReturn): Return {
  return Object.assign(new Return(), {
    __typename: 'Return',
    id: row.id,
    status: row.status,
    reason: row.reason,
    note: row.note,
    trackingNumber: row.trackingNumber,
    restock: row.restock,
    refundAmount: row.refundAmount,
    requestedAt: row.requestedAt,
    updatedAt: row.updatedAt,
    vendorOrderId: row.vendorOrderId,
    units: row.lines,
  });
}
