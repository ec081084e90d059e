import { accept, type Rejection, type Result } from '@marketgraph/platform/core';
import type { CommandDeps } from '../../../subgraphs/inventory/src/commands/deps.ts';
import { endReservation } from '../../../subgraphs/inventory/src/commands/end-reservation.ts';
import { reserveStock } from '../../../subgraphs/inventory/src/commands/reserve-stock.ts';
import type { ReservationRow } from '../../../subgraphs/inventory/src/store/reservations.ts';
import type { InventoryClient, Reservation } from '../../../subgraphs/orders/src/clients/inventory.ts';
import { type PaymentsClient, reportOf } from '../../../subgraphs/orders/src/clients/payments.ts';
import { createPayment } from '../../../subgraphs/payments/src/commands/create-payment.ts';
import { receiveWebhook } from '../../../subgraphs/payments/src/commands/receive-webhook.ts';
import { settlePayment } from '../../../subgraphs/payments/src/commands/settle-payment.ts';
import { syncPayment } from '../../../subgraphs/payments/src/commands/sync-payment.ts';
import { voidPayment } from '../../../subgraphs/payments/src/commands/void-payment.ts';
import type { ProviderEvent } from '../../../subgraphs/payments/src/clients/provider.ts';
import type { World } from './world.ts';

/**
 * What stands between orders and its peers: the network, and what resolvers and
 * clients do with a command's outcome, without GraphQL in between.
 */
const DEFAULT_TIMEOUT_MS = 5_000;
const PRINCIPAL = 'service:orders';

/** What the checkout asks of inventory. */
export function inventoryClient(world: World): Pick<InventoryClient, 'reserve' | 'confirm' | 'release' | 'revert'> {
  const call = <T>(what: string, timeoutMs: number | undefined, work: (deps: CommandDeps) => Promise<T>) =>
    world.network.call(
      { what, timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS, target: () => world.copyOf('inventory') },
      work,
    );
  const end = (command: 'confirm' | 'release' | 'revert') => (id: string, options?: { timeoutMs?: number }) =>
    call(`inventory.${command}`, options?.timeoutMs, async (deps) =>
      reservationAnswer(await endReservation(deps, { id, command })),
    );
  return {
    reserve: ({ cartId, idempotencyKey, ttlSeconds, lines }, options) =>
      call('inventory.reserve', options?.timeoutMs, async (deps): Promise<Result<Reservation, Rejection[]>> => {
        const outcome = await reserveStock(deps, { cartId, requestKey: idempotencyKey, ttlS: ttlSeconds, lines });
        if (outcome.kind === 'reserved') return reservationAnswer(accept(outcome.reservation));
        if (outcome.kind === 'refused') return { ok: false, rejection: [outcome.rejection] };
        const rejection = outcome.shortages.map((details) => {
          const { offerId, requested, available } = details;
          return {
            code: 'INSUFFICIENT_STOCK',
            message: 'Too few are left.',
            details: { offerId, requested, available },
          };
        });
        return { ok: false, rejection };
      }),
    confirm: end('confirm'),
    release: end('release'),
    revert: end('revert'),
  };
}

function reservationAnswer(result: Result<ReservationRow>): Result<Reservation, Rejection[]> {
  if (!result.ok) return { ok: false, rejection: [result.rejection] };
  const { id, status, expiresAt } = result.value;
  return accept({ id, status, expiresAt });
}

/** What the checkout asks of payments. */
export function paymentsClient(world: World): Pick<PaymentsClient, 'create' | 'lookUp' | 'settle' | 'void'> {
  const call = <T>(
    what: string,
    timeoutMs: number | undefined,
    work: (deps: Parameters<typeof createPayment>[0]) => Promise<T>,
  ) =>
    world.network.call(
      { what, timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS, target: () => world.copyOf('payments') },
      ({ deps }) => work(deps),
    );
  return {
    create: (payment, idempotencyKey, options) =>
      call('payments.create', options?.timeoutMs, async (deps) => {
        const made = await createPayment(deps, { principal: PRINCIPAL, idempotencyKey }, payment);
        if (!made.ok) return { ok: false as const, rejection: [made.rejection] };
        return accept({ paymentId: made.value.id, clientSecret: made.value.clientSecret ?? null });
      }),

    lookUp: (paymentId, options) =>
      call('payments.lookUp', options?.timeoutMs, async (deps) => {
        const row = await syncPayment(deps, paymentId);
        if (!row) throw new Error('Payments does not know this payment.');
        const { status, failureCode, failureMessage } = row;
        const needsAction = ['REQUIRES_ACTION', 'REQUIRES_PAYMENT_METHOD'].includes(status);
        return { ...reportOf({ paymentId, status, failureCode, failureMessage }), needsAction };
      }),

    settle: ({ paymentId, vendorOrders }, idempotencyKey, options) =>
      call('payments.settle', options?.timeoutMs, async (deps) => {
        const caller = { principal: PRINCIPAL, idempotencyKey };
        const settled = await settlePayment(deps, caller, { paymentId, vendorOrders: structuredClone(vendorOrders) });
        return settled.ok ? accept(null) : { ok: false as const, rejection: [settled.rejection] };
      }),

    void: (paymentId, idempotencyKey, options) =>
      call('payments.void', options?.timeoutMs, async (deps) => {
        const voided = await voidPayment(deps, { principal: PRINCIPAL, idempotencyKey }, paymentId);
        return voided.ok ? accept(null) : { ok: false as const, rejection: [voided.rejection] };
      }),
  };
}

const WEBHOOK_TIMEOUT_MS = 10_000;

/** The provider's delivery at the webhook route: kept or refused, and worked off at once. */
export async function deliverWebhook(world: World, event: ProviderEvent): Promise<void> {
  await world.network.call(
    { what: 'webhook', timeoutMs: WEBHOOK_TIMEOUT_MS, target: () => world.copyOf('payments') },
    async ({ deps, onWebhook }) => {
      await receiveWebhook(deps, event);
      onWebhook();
    },
  );
}
