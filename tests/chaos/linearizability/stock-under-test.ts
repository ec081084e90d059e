import type { Viewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
import type { InsideCaller } from '../../support/inside-caller.ts';
import type { Vendor } from '../../story/cast.ts';
import { type Asked, StrangeAnswerError } from './clients.ts';
import type { MoneyCall, MoneyOutcome } from './payment-model.ts';
import type { StockCall, StockOutcome } from './offer-model.ts';

const ORDERS: Viewer = { kind: 'service', service: 'orders' };

const RESERVE = `mutation($input: StockReserveInput!) { answer: stockReserve(input: $input) {
  reservation { id lines { quantity warehouse { id } } }
  userErrors { code ... on InsufficientStockError { available } } } }`;
const LEVEL = 'onHand reserved warehouse { id }';
const ADJUST = `mutation($input: InventoryAdjustInput!, $key: IdempotencyKey!) {
  answer: inventoryAdjust(input: $input, idempotencyKey: $key) { stockLevel { ${LEVEL} } userErrors { code } } }`;
const TRANSFER = `mutation($input: InventoryTransferInput!, $key: IdempotencyKey!) {
  answer: inventoryTransfer(input: $input, idempotencyKey: $key) { from { ${LEVEL} } to { ${LEVEL} } userErrors { code } } }`;
const QUERY = 'query($ids: [ID!]!) { answer: availability(offerIds: $ids) { available } }';

interface Level {
  onHand: number;
  reserved: number;
  warehouse: { id: string };
}
interface Refusals {
  userErrors: { code: string; available?: number }[];
}

/** The stock of one offer in two warehouses, at whichever copy of inventory answers. */
export function stockUnderTest(
  caller: Pick<InsideCaller, 'call'>,
  { offerId, vendor, run }: { offerId: string; vendor: Pick<Vendor, 'id' | 'warehouses'>; run: string },
): Asked<StockCall, StockOutcome> {
  const keeper = aUser({ roles: ['BUYER', 'VENDOR_ADMIN'], memberships: [{ of: vendor.id, role: 'VENDOR_ADMIN' }] });
  const { warehouses } = vendor;
  /** Names of reservations by the request that made them. */
  const names = new Map<number | undefined, string>();
  const asKeeper = <Answer>(query: string, variables: Record<string, unknown>) =>
    caller.call<{ answer: Answer }>('inventory', keeper, query, variables).then(({ answer }) => answer);
  const levels = (...told: (Level | null)[]): StockOutcome => ({
    levels: told.flatMap((level) =>
      level
        ? [{ warehouse: warehouses.indexOf(level.warehouse.id), onHand: level.onHand, reserved: level.reserved }]
        : [],
    ),
  });
  const refused = ({ userErrors }: Refusals, code: string): StockOutcome => {
    if (userErrors[0]?.code !== code) throw new StrangeAnswerError(JSON.stringify(userErrors));
    return { refused: true };
  };

  return {
    // A step of a reservation is where it already is when it comes again, unless somebody took the next one meanwhile.
    isKeyed: (call) => call.do === 'reserve' || call.do === 'adjust' || call.do === 'transfer',
    async ask(call, key) {
      if (call.do === 'query') {
        const [one] = await asKeeper<{ available: number }[]>(QUERY, { ids: [offerId] });
        return { available: one!.available };
      }
      if (call.do === 'reserve') {
        const { quantity, request } = call;
        const input = { cartId: `crt_${run}_${request}`, idempotencyKey: key, lines: [{ offerId, quantity }] };
        const { answer } = await caller.call<{
          answer: Refusals & {
            reservation: { id: string; lines: { quantity: number; warehouse: { id: string } }[] } | null;
          };
        }>('inventory', ORDERS, RESERVE, { input });
        if (!answer.reservation) {
          const [refusal] = answer.userErrors;
          if (refusal?.code !== 'INSUFFICIENT_STOCK') throw new StrangeAnswerError(JSON.stringify(refusal));
          return { shortWith: refusal.available! };
        }
        names.set(request, answer.reservation.id);
        const { lines } = answer.reservation;
        const unitsIn = (id: string) =>
          lines.reduce((sum, { quantity: units, warehouse }) => sum + (warehouse.id === id ? units : 0), 0);
        return { reserved: warehouses.map(unitsIn) };
      }
      if (call.do === 'adjust') {
        const input = { offerId, warehouseId: warehouses[call.warehouse], delta: call.delta, reason: 'ADJUSTMENT' };
        const answer = await asKeeper<Refusals & { stockLevel: Level | null }>(ADJUST, { input, key });
        return answer.stockLevel ? levels(answer.stockLevel) : refused(answer, 'CONFLICT');
      }
      if (call.do === 'transfer') {
        const { from, to, quantity } = call;
        const input = { offerId, fromWarehouseId: warehouses[from], toWarehouseId: warehouses[to], quantity };
        const answer = await asKeeper<Refusals & { from: Level | null; to: Level | null }>(TRANSFER, { input, key });
        return answer.from ? levels(answer.from, answer.to) : refused(answer, 'INSUFFICIENT_STOCK');
      }
      const command = { confirm: 'Confirm', release: 'Release', revert: 'Revert' }[call.do];
      const { answer } = await caller.call<{ answer: Refusals & { reservation: unknown } }>(
        'inventory',
        ORDERS,
        `mutation($id: ID!) { answer: stockReservation${command}(id: $id) { reservation { id } userErrors { code } } }`,
        { id: names.get(call.request) },
      );
      if (answer.reservation) return { ended: true };
      refused(answer, 'ILLEGAL_TRANSITION');
      return { ended: false };
    },
  };
}

const REFUND = `mutation($input: RefundCreateInput!, $key: IdempotencyKey!) {
  answer: refundCreate(input: $input, idempotencyKey: $key) { refund { amount { amount } } userErrors { code } } }`;
const REFUNDED = 'query($id: ID!) { answer: payment(id: $id) { refundedAmount { amount } } }';

/** What goes back of one paid order. The provider is asked too: what is promised and what has arrived may differ for a while. */
export function refundsUnderTest(
  caller: InsideCaller,
  { orderId, paymentId, captured }: { orderId: string; paymentId: string; captured: number },
): Asked<MoneyCall, MoneyOutcome> {
  const operator = aUser({ roles: ['BUYER', 'OPERATOR'] });
  return {
    isKeyed: (call) => call.do === 'refund',
    async ask(call, key) {
      if (call.do === 'query') {
        const { answer } = await caller.call<{ answer: { refundedAmount: { amount: number } } }>(
          'payments',
          operator,
          REFUNDED,
          { id: paymentId },
        );
        return { atLeast: answer.refundedAmount.amount, atMost: captured };
      }
      const input = { orderId, amount: { amount: call.amount, currencyCode: 'EUR' }, reason: 'R40' };
      const { answer } = await caller.call<{ answer: Refusals & { refund: { amount: { amount: number } } | null } }>(
        'payments',
        operator,
        REFUND,
        { input, key },
      );
      if (answer.refund) return { refunded: answer.refund.amount.amount };
      const [refusal] = answer.userErrors;
      if (refusal?.code !== 'REFUND_EXCEEDS') throw new StrangeAnswerError(JSON.stringify(refusal));
      return { exceeds: true };
    },
  };
}
