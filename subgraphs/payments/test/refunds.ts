import { ids, type Marketplace, type MoneyAnswer, operator, orders, type Part } from './marketplace.ts';

export interface RefundAnswer {
  refund: { id: string; status: string; amount: MoneyAnswer; parts: { amount: { amount: number } }[] } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const REFUND =
  'refund { id status amount { amount currencyCode } parts { amount { amount } } } userErrors { code message field }';

/** An operator gives money back. */
export async function refund(
  shop: Marketplace,
  input: { orderId: string; vendorOrderId?: string; amount?: MoneyAnswer; reason: string },
  key = ids.next('key'),
): Promise<RefundAnswer> {
  const query = `mutation($input: RefundCreateInput!, $key: IdempotencyKey!) {
    refundCreate(input: $input, idempotencyKey: $key) { ${REFUND} } }`;
  return (await shop.run<{ refundCreate: RefundAnswer }>(operator, query, { input, key })).refundCreate;
}

/** Orders gives money of one vendor order back. */
export async function refundPart(
  shop: Marketplace,
  { orderId, part, amount }: { orderId: string; part: Part; amount?: number },
  key = ids.next('key'),
): Promise<RefundAnswer> {
  const query = `mutation($input: VendorOrderRefundInput!, $key: IdempotencyKey!) {
    vendorOrderRefund(input: $input, idempotencyKey: $key) { ${REFUND} } }`;
  const money = amount === undefined ? {} : { amount: { amount, currencyCode: part.gross.currencyCode } };
  const input = { orderId, vendorOrderId: part.vendorOrderId, reason: 'Returned', ...money };
  const data = await shop.run<{ vendorOrderRefund: RefundAnswer }>(orders, query, { input, key });
  return data.vendorOrderRefund;
}

export interface Books {
  status: string;
  captured: number;
  refunded: number;
  /** Lost to the buyer's bank: part of `refunded`, which the provider does not call a refund. */
  viaBank: number;
  /** With banks now, by the books less what has been divided; and by the provider. */
  onChargebacks: number;
  withBanks: number;
  disputed: number;
  /** What the provider's own record says went back. */
  atProvider: number;
  transferredAtProvider: number;
  reversedAtProvider: number;
  /** Of this payment's journals: money still held for buyer and vendors. */
  held: number;
  settlements: {
    id: string;
    status: string;
    gross: number;
    commission: number;
    tax: number;
    net: number;
    transferred: number;
    reversed: number;
    offset: number;
  }[];
  /** Debits equal credits over everything. */
  isBalanced: boolean;
  /** Captured = what settlements still have + what went back or is no vendor's. */
  isWhole: boolean;
}

/** A payment's money as rows, books and provider have it. */
export async function booksOf(shop: Marketplace, paymentId: string): Promise<Books> {
  const [payment] = await shop.sql<{ status: string; captured: string; refunded: string; intent: string | null }>(
    `select status, captured_amount as captured, refunded_amount as refunded, gateway_reference as intent
       from payment where id = ?`,
    [paymentId],
  );
  const settlements = await shop.sql<Record<string, string>>(
    `select id, status, gross, commission, commission_tax as tax, net, transferred, reversed, offset_amount as "offset"
       from settlement where payment_id = ? order by id`,
    [paymentId],
  );
  const [held] = await shop.sql<{ held: string }>(
    `select coalesce(sum(case entry.direction when 'CREDIT' then entry.amount else -entry.amount end), 0) as held
       from ledger_entry entry join ledger_account account on account.id = entry.account_id
       join ledger_journal journal on journal.id = entry.journal_id
      where journal.payment_id = ? and account.kind = 'BUYER_FUNDS_HELD'`,
    [paymentId],
  );
  const [banks] = await shop.sql<{ via: string; taken: string; booked: string }>(
    `select (select coalesce(sum(amount), 0) from refund where payment_id = ? and dispute_id is not null) as via,
            (select coalesce(sum(withdrawn), 0) from payment_dispute where payment_id = ?) as taken,
            (select coalesce(sum(case entry.direction when 'DEBIT' then entry.amount else -entry.amount end), 0)
               from ledger_entry entry join ledger_account account on account.id = entry.account_id
               join ledger_journal journal on journal.id = entry.journal_id
              where journal.payment_id = ? and account.kind = 'CHARGEBACKS') as booked`,
    [paymentId, paymentId, paymentId],
  );
  const unbalanced = await shop.sql<object>(
    `select currency from ledger_entry group by currency
     having sum(case direction when 'DEBIT' then amount else -amount end) <> 0`,
  );
  const record = payment!.intent ? shop.emulator.control.record({ payment_intent: payment!.intent }).payments : [];
  const total = (key: 'refunded' | 'transferred' | 'reversed' | 'disputed') =>
    record.reduce((sum, one) => sum + one[key], 0);
  const [captured, refunded] = [Number(payment!.captured), Number(payment!.refunded)];
  const rows = settlements.map(({ id, status, ...amounts }) => ({
    id: id!,
    status: status!,
    ...(Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, Number(value)])) as Omit<
      Books['settlements'][number],
      'id' | 'status'
    >),
  }));
  return {
    status: payment!.status,
    captured,
    refunded,
    atProvider: total('refunded'),
    viaBank: Number(banks!.via),
    withBanks: Number(banks!.taken),
    onChargebacks: Number(banks!.booked),
    disputed: total('disputed'),
    transferredAtProvider: total('transferred'),
    reversedAtProvider: total('reversed'),
    held: Number(held!.held),
    settlements: rows,
    isBalanced: unbalanced.length === 0,
    isWhole: rows.reduce((sum, { gross }) => sum + gross, 0) + refunded === captured,
  };
}
