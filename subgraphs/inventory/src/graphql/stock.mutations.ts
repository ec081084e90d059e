import { accept, type Result } from '@marketgraph/platform/core';
import {
  forbidden,
  IdempotencyKey,
  principalOf,
  requireActing,
  requireRole,
  requireService,
  requireUser,
} from '@marketgraph/platform/graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import { Arg, Ctx, Directive, ID, Mutation, Resolver } from 'type-graphql';
import { admitStock } from '../commands/admit-stock.ts';
import { endReservation } from '../commands/end-reservation.ts';
import { receiveReturn } from '../commands/receive-return.ts';
import { reconcile } from '../commands/reconcile.ts';
import { reserveStock } from '../commands/reserve-stock.ts';
import { adjustStock, setStock, type StockOutcome } from '../commands/set-stock.ts';
import { syncStock } from '../commands/sync-stock.ts';
import { transferStock } from '../commands/transfer-stock.ts';
import { upsertWarehouse } from '../commands/upsert-warehouse.ts';
import type { ReservationCommand } from '../domain/reservation.ts';
import type { ReservationRow } from '../store/reservations.ts';
import { actsFor } from './access.ts';
import type { InventoryContext } from './context.ts';
import { toInsufficientStock, toReservation, toStockError, toStockLevel, toUserError, toWarehouse } from './map.ts';
import type { UserError } from './shared.type.ts';
import {
  InventoryAdjustInput,
  InventorySetInput,
  InventorySyncInput,
  InventoryTransferInput,
  StockAdmitInput,
  StockReserveInput,
  StockReturnInput,
  WarehouseInput,
} from './stock.input.ts';
import {
  InventoryReconcilePayload,
  InventorySyncPayload,
  InventoryTransferPayload,
  ReservationPayload,
  StockAdmissionPayload,
  StockLevelPayload,
  StockReturnPayload,
  WarehousePayload,
} from './stock.payload.ts';

/** Roles that have stock to keep at all; whose it is, each command checks. */
const STOCK_KEEPERS = ['VENDOR_ADMIN', 'VENDOR_STAFF', 'OPERATOR'];

@Resolver()
export class StockMutations {
  @Mutation(() => WarehousePayload, { description: 'Opens a warehouse or changes one.' })
  async warehouseUpsert(
    @Arg('input', () => WarehouseInput, { description: 'What is to be.' }) input: WarehouseInput,
    @Ctx() { viewer, commands }: InventoryContext,
  ): Promise<WarehousePayload> {
    requireRole(viewer, ...STOCK_KEEPERS);
    const result = await upsertWarehouse(commands, {
      ...input,
      vendorId: input.vendorId ?? null,
      address: input.address
        ? (Object.fromEntries(Object.entries(input.address).filter(([, value]) => value != null)) as Record<
            string,
            string
          >)
        : null,
      mayActFor: (vendorId) => actsFor(viewer, vendorId),
    });
    return result.ok
      ? { warehouse: toWarehouse(result.value), userErrors: [] }
      : { warehouse: null, userErrors: [toUserError(result.rejection)] };
  }

  @Directive('@apiScope(anyOf: ["inventory:write"])')
  @Mutation(() => StockLevelPayload, {
    description: 'More or fewer units, with the reason. Refused below what is reserved.',
  })
  async inventoryAdjust(
    @Arg('input', () => InventoryAdjustInput, { description: 'What is to be.' }) input: InventoryAdjustInput,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      description: 'The same key with the same input changes stock once.',
    })
    idempotencyKey: string,
    @Ctx() context: InventoryContext,
  ): Promise<StockLevelPayload> {
    return toPayload(await adjustStock(context.commands, { ...input, ...byHand(context), idempotencyKey }));
  }

  @Directive('@apiScope(anyOf: ["inventory:write"])')
  @Mutation(() => StockLevelPayload, { description: 'Sets what was counted, on top of the version it was counted at.' })
  async inventorySet(
    @Arg('input', () => InventorySetInput, { description: 'What is to be.' }) input: InventorySetInput,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      description: 'The same key with the same input changes stock once.',
    })
    idempotencyKey: string,
    @Ctx() context: InventoryContext,
  ): Promise<StockLevelPayload> {
    return toPayload(await setStock(context.commands, { ...input, ...byHand(context), idempotencyKey }));
  }

  @Directive('@apiScope(anyOf: ["inventory:write"])')
  @Mutation(() => InventoryTransferPayload, {
    description: 'Moves units to another warehouse: out of the one and into the other, or not at all.',
  })
  async inventoryTransfer(
    @Arg('input', () => InventoryTransferInput, { description: 'What goes where.' }) input: InventoryTransferInput,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      description: 'The same key with the same input moves units once.',
    })
    idempotencyKey: string,
    @Ctx() context: InventoryContext,
  ): Promise<InventoryTransferPayload> {
    const outcome = await transferStock(context.commands, { ...input, ...byHand(context), idempotencyKey });
    if (outcome.kind === 'reused') return { from: null, to: null, userErrors: [keyReused()] };
    const { answer } = outcome;
    if (!answer.ok) return { from: null, to: null, userErrors: [toStockError(answer.rejection)] };
    return { from: toStockLevel(answer.value.from), to: toStockLevel(answer.value.to), userErrors: [] };
  }

  @Directive('@apiScope(anyOf: ["inventory:write"])')
  @Mutation(() => InventorySyncPayload, {
    description:
      "Takes over what a vendor's own system has counted. Older versions are skipped; what cannot be taken over is named.",
  })
  async inventorySyncBatch(
    @Arg('input', () => InventorySyncInput, { description: 'What was counted.' }) input: InventorySyncInput,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key with the same input is one batch.' })
    idempotencyKey: string,
    @Ctx() context: InventoryContext,
  ): Promise<InventorySyncPayload> {
    const result = await syncStock(context.commands, { ...input, ...byHand(context), idempotencyKey });
    if (!result.ok) return { applied: 0, skippedStale: 0, userErrors: [toUserError(result.rejection)] };
    const { rejections, ...counts } = result.value;
    return { ...counts, userErrors: rejections.map(toUserError) };
  }

  @Mutation(() => InventoryReconcilePayload, {
    description: 'Puts the counters right where they differ from the ledger.',
  })
  async inventoryReconcile(
    @Arg('vendorId', () => ID, {
      nullable: true,
      description: 'Of one vendor only; null for all, which is for operators.',
    })
    vendorId: string | null,
    @Ctx() { viewer, commands }: InventoryContext,
  ): Promise<InventoryReconcilePayload> {
    if (!actsFor(requireUser(viewer), vendorId)) throw forbidden();
    const drifts = await reconcile(commands, vendorId);
    return {
      corrected: drifts.length,
      drifts: drifts.map(({ offerId, counter, ledger }) => ({ offer: { id: offerId }, counter, ledger })),
      userErrors: [],
    };
  }

  @Directive('@inaccessible')
  @Mutation(() => StockAdmissionPayload, {
    description:
      'Whether there is enough to begin a checkout; whoever is admitted has a claim for some seconds. For the orders service.',
  })
  async stockAdmit(
    @Arg('input', () => StockAdmitInput, { description: 'What is wanted.' }) { cartId, lines }: StockAdmitInput,
    @Ctx() { viewer, commands }: InventoryContext,
  ): Promise<StockAdmissionPayload> {
    requireService(viewer, 'orders');
    const outcome = await admitStock(commands, { cartId, lines });
    if (outcome.kind === 'short') return { userErrors: outcome.shortages.map(toInsufficientStock) };
    return { userErrors: outcome.kind === 'refused' ? [toUserError(outcome.rejection)] : [] };
  }

  @Directive('@inaccessible')
  @Mutation(() => ReservationPayload, {
    description: 'Sets units aside for a checkout: all lines or none. For the orders service.',
  })
  async stockReserve(
    @Arg('input', () => StockReserveInput, { description: 'What is to be.' }) input: StockReserveInput,
    @Ctx() context: InventoryContext,
  ): Promise<ReservationPayload> {
    requireService(context.viewer, 'orders');
    const { cartId, idempotencyKey, ttlSeconds, lines, shipTo } = input;
    const outcome = await reserveStock(context.commands, {
      cartId,
      requestKey: idempotencyKey ?? cartId,
      lines,
      shipTo: shipTo ? { countryCode: shipTo.countryCode, region: shipTo.region ?? null } : null,
      ...(ttlSeconds == null ? {} : { ttlS: Math.min(Math.max(ttlSeconds, 1), 86_400) }),
      trace: context.traceparent,
    });
    if (outcome.kind === 'short') return { reservation: null, userErrors: outcome.shortages.map(toInsufficientStock) };
    if (outcome.kind === 'refused') return { reservation: null, userErrors: [toUserError(outcome.rejection)] };
    return reservationPayload(accept(outcome.reservation));
  }

  @Directive('@inaccessible')
  @Mutation(() => ReservationPayload, {
    description: 'The sale stands: the units leave the stock. For the orders service.',
  })
  stockReservationConfirm(
    @Arg('id', () => ID, { description: 'The reservation.' }) id: string,
    @Ctx() context: InventoryContext,
  ): Promise<ReservationPayload> {
    return end(context, id, 'confirm');
  }

  @Directive('@inaccessible')
  @Mutation(() => ReservationPayload, { description: 'No sale: the units are free again. For the orders service.' })
  stockReservationRelease(
    @Arg('id', () => ID, { description: 'The reservation.' }) id: string,
    @Ctx() context: InventoryContext,
  ): Promise<ReservationPayload> {
    return end(context, id, 'release');
  }

  @Directive('@inaccessible')
  @Mutation(() => ReservationPayload, {
    description: 'The sale did not stand after all: the units come back. For the orders service.',
  })
  stockReservationRevert(
    @Arg('id', () => ID, { description: 'The reservation.' }) id: string,
    @Ctx() context: InventoryContext,
  ): Promise<ReservationPayload> {
    return end(context, id, 'revert');
  }

  @Directive('@inaccessible')
  @Mutation(() => StockReturnPayload, {
    description: 'Units of a sale are on the shelf again: it was cancelled or sent back. For the orders service.',
  })
  async stockReturnReceive(
    @Arg('input', () => StockReturnInput, { description: 'What came back.' }) input: StockReturnInput,
    @Ctx() { viewer, commands, traceparent }: InventoryContext,
  ): Promise<StockReturnPayload> {
    requireService(viewer, 'orders');
    const received = await receiveReturn(commands, { ...input, trace: traceparent });
    return { userErrors: received.ok ? [] : [toUserError(received.rejection)] };
  }
}

function byHand({ viewer, traceparent }: InventoryContext) {
  const keeper = requireActing(viewer, ...STOCK_KEEPERS);
  return {
    actorId: principalOf(keeper),
    mayActFor: (vendorId: string) => actsFor(viewer, vendorId),
    trace: traceparent,
  };
}

function toPayload(outcome: StockOutcome): StockLevelPayload {
  if (outcome.kind === 'reused') {
    return { stockLevel: null, userErrors: [keyReused()] };
  }
  const { answer } = outcome;
  return answer.ok
    ? { stockLevel: toStockLevel(answer.value), userErrors: [] }
    : { stockLevel: null, userErrors: [toUserError(answer.rejection)] };
}

function keyReused(): UserError {
  const message = 'This key was used with another input.';
  return toUserError({ code: UserErrorCode.IDEMPOTENCY_KEY_REUSED, message });
}

async function end(context: InventoryContext, id: string, command: ReservationCommand): Promise<ReservationPayload> {
  requireService(context.viewer, 'orders');
  return reservationPayload(await endReservation(context.commands, { id, command, trace: context.traceparent }));
}

function reservationPayload(result: Result<ReservationRow>): ReservationPayload {
  if (!result.ok) return { reservation: null, userErrors: [toUserError(result.rejection)] };
  return { reservation: toReservation(result.value), userErrors: [] };
}
