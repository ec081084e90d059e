import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { silentLog, until } from '@marketgraph/platform/testing';
import { vendorChanged } from '@marketgraph/schema/events/accounts';
import { returnChanged, vendorOrderDelivered } from '@marketgraph/schema/events/orders';
import { aCheckout, anAuthorizedPayment, ids, type Marketplace, operator, type Part, settle } from './marketplace.ts';

/** What accounts and orders tell payments. */
export interface Neighbours {
  /** The vendor may sell, and payments knows. */
  approve(vendorId: string): Promise<void>;
  /** A vendor that can be paid; resolves to its account at the provider. */
  onboard(vendorId: string): Promise<string>;
  deliver(part: Part, returnWindowEndsAt: Date): Promise<void>;
  /** News of a return; `sequence` grows with each. */
  returned(part: Part, news: { returnId: string; status: string; sequence: number }): Promise<void>;
  stop(): Promise<void>;
}

export async function neighboursOf(shop: Marketplace): Promise<Neighbours> {
  const bus = await createRedisBus({ url: shop.config.redisUrl, log: silentLog });
  const tellApproved = (vendorId: string) =>
    publish(bus, vendorChanged, vendorId, { ...vendorChanged.sample, vendorId, status: 'ACTIVE' });
  return {
    async approve(vendorId) {
      await tellApproved(vendorId);
      await until(async () => (await accountOf(shop, vendorId)) !== undefined);
    },
    async onboard(vendorId) {
      await tellApproved(vendorId);
      const account = await until(async () => (await accountOf(shop, vendorId))?.reference);
      shop.emulator.control.onboard(account);
      await until(async () => (await accountOf(shop, vendorId))?.status === 'ACTIVE');
      return account;
    },
    deliver: (part, returnWindowEndsAt) =>
      publish(bus, vendorOrderDelivered, part.vendorOrderId, {
        ...vendorOrderDelivered.sample,
        vendorOrderId: part.vendorOrderId,
        returnWindowEndsAt: returnWindowEndsAt.toISOString(),
      }),
    returned(part, { returnId, status, sequence }) {
      const { vendorOrderId, vendorId } = part;
      const payload = { ...returnChanged.sample, returnId, vendorOrderId, vendorId, status };
      return publish(bus, returnChanged, returnId, payload, sequence);
    },
    stop: () => bus.close(),
  };
}

async function accountOf(shop: Marketplace, vendorId: string) {
  const [row] = await shop.sql<{ reference: string | null; status: string }>(
    'select provider_reference as reference, status from payout_account where vendor_id = ?',
    [vendorId],
  );
  return row;
}

async function publish(
  bus: EventBus,
  contract: { name: string; version: number },
  key: string,
  payload: unknown,
  sequence = 1,
): Promise<void> {
  const { name, version } = contract;
  const occurredAt = new Date().toISOString();
  await bus.publish(name.split('.')[0]!, [{ id: ids.next('evt'), name, version, occurredAt, key, sequence, payload }]);
}

/** Paid, captured, and divided among its vendors. */
export async function aSoldOrder(
  shop: Marketplace,
  parts: Part[],
  card = 'pm_card_visa',
): Promise<{ paymentId: string; orderId: string; intent: string; buyerId: string }> {
  const amount = { amount: parts.reduce((sum, part) => sum + part.gross.amount, 0), currencyCode: 'EUR' };
  const { id, intent, checkout } = await anAuthorizedPayment(shop, aCheckout({ amount }), card);
  const { userErrors } = await settle(shop, { paymentId: id, vendorOrders: parts });
  if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
  return { paymentId: id, orderId: checkout.orderId, intent, buyerId: checkout.buyerId };
}

export interface SettlementState {
  id: string;
  status: string;
  problem: string | null;
  net: number;
  transferred: number;
  reversed: number;
  offset: number;
}

export async function settlementOf(shop: Marketplace, part: Part): Promise<SettlementState> {
  const [row] = await shop.sql<Record<string, string>>(
    `select id, status, release_problem as problem, net, transferred, reversed, offset_amount as "offset"
       from settlement where vendor_order_id = ?`,
    [part.vendorOrderId],
  );
  const { id, status, problem, net, transferred, reversed, offset } = row!;
  return {
    id: id!,
    status: status!,
    problem: problem ?? null,
    net: Number(net),
    transferred: Number(transferred),
    reversed: Number(reversed),
    offset: Number(offset),
  };
}

export function untilSettlement(shop: Marketplace, part: Part, status: string): Promise<SettlementState> {
  return until(
    async () => {
      const found = await settlementOf(shop, part);
      return found.status === status && found;
    },
    { what: `${part.vendorOrderId} is ${status}` },
  );
}

/** What a vendor owes, by the books. */
export async function debtOf(shop: Marketplace, vendorId: string): Promise<number> {
  const [row] = await shop.sql<{ balance: string }>(
    "select balance from ledger_account where kind = 'REFUNDS' and owner_id = ?",
    [vendorId],
  );
  return Number(row?.balance ?? 0);
}

export interface PayoutAnswer {
  payout: {
    id: string;
    status: string;
    amount: { amount: number };
    failureReason: string | null;
    settlements: { id: string; status: string }[];
  } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

export async function releasePayout(
  shop: Marketplace,
  input: { vendorId: string; settlementIds?: string[] },
  key = ids.next('key'),
): Promise<PayoutAnswer> {
  const query = `mutation($input: PayoutReleaseInput!, $key: IdempotencyKey!) { payoutRelease(input: $input, idempotencyKey: $key) {
    payout { id status amount { amount } failureReason settlements { id status } } userErrors { code message field } } }`;
  return (await shop.run<{ payoutRelease: PayoutAnswer }>(operator, query, { input, key })).payoutRelease;
}
