import { finding, type Invariant, together } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';
import { disputesAreHeld, disputesAtTheProvider } from './disputes.ts';
import { returnsAreHeld, returnsArePaidBack } from './returns.ts';

/** I6: what vendors are promised, get, and give back. */
export const vendorsGetTheirs: Invariant = {
  id: 'I6',
  title:
    'settlements and refunds of a payment add up to what was captured; each is transferred at most once, not before its time, nothing of it once reversed; what is being returned or disputed waits, what was returned is paid back once; what banks took is the provider’s word; fees are the provider’s; what is left is in our cash',
  async check(stores) {
    return together([
      await addUp(stores),
      await releasedRightly(stores),
      await returnsAreHeld(stores),
      await returnsArePaidBack(stores),
      await disputesAreHeld(stores),
      await disputesAtTheProvider(stores),
      await cashIsWhatIsLeft(stores),
      await transferredAtTheProvider(stores),
      await feesAreBooked(stores),
      await feesAtTheProvider(stores),
    ]);
  },
};

/** What came back from a bank is held for the buyer until it is refunded again: no settlement has it. */
async function addUp({ rows }: StoreReaders) {
  const [settled] = await rows<{ count: string }>(
    'payments',
    'select count(*) as count from payment where settled_at is not null',
  );
  const broken = await rows<{ id: string; gross: string; refunded: string; held: string; captured: string }>(
    'payments',
    `select * from (
       select p.id, p.captured_amount as captured, p.refunded_amount as refunded,
              (select coalesce(sum(s.gross), 0) from settlement s where s.payment_id = p.id) as gross,
              (select coalesce(sum(r.amount), 0) from refund r join ledger_journal j on j.fact = 'refund-returned:' || r.id
                where r.payment_id = p.id)
              - (select coalesce(sum(part.amount), 0) from refund_part part join refund r on r.id = part.refund_id
                   join ledger_journal j on j.fact = 'refund:' || r.id
                  where r.payment_id = p.id and part.settlement_id is null) as held
         from payment p where p.settled_at is not null) sums
      where gross + refunded + held <> captured`,
  );
  return finding(
    Number(settled?.count ?? 0),
    broken.map(
      ({ id, gross, refunded, held, captured }) =>
        `${id}: settlements make ${gross}, refunds ${refunded}, held for the buyer ${held}; captured ${captured}`,
    ),
  );
}

async function releasedRightly({ rows }: StoreReaders) {
  const [settlements] = await rows<{ count: string }>('payments', 'select count(*) as count from settlement');
  const broken = await rows<{ id: string; what: string }>(
    'payments',
    `select id, what from (
       select s.id, case
         when s.status = 'REVERSED' and s.transferred <> s.reversed then 'was reversed, and the vendor has some of it'
         when s.transferred <> t.booked then 'was transferred ' || s.transferred || ', booked ' || t.booked
         when s.reversed <> r.booked then 'was taken back ' || s.reversed || ', booked ' || r.booked
         when s.status = 'RELEASED' and s.transfer_amount <> s.transferred then 'is released without its transfer'
         when s.released_at is null and s.transferred > 0 then 'was transferred without a release'
         when t.first < s.release_at then 'was transferred before its time' end as what
         from settlement s
         join lateral (select coalesce(sum(e.amount) filter (where e.direction = 'DEBIT'), 0) as booked, min(j.at) as first
                         from ledger_journal j join ledger_entry e on e.journal_id = j.id
                        where j.fact = 'transfer:' || s.id) t on true
         join lateral (select coalesce(sum(e.amount) filter (where e.direction = 'DEBIT'), 0) as booked
                         from provider_operation o join ledger_journal j on j.fact = o.id
                         join ledger_entry e on e.journal_id = j.id
                        where o.settlement_id = s.id and o.kind = 'REVERSAL') r on true) found
      where what is not null`,
  );
  return finding(
    Number(settlements?.count ?? 0),
    broken.map(({ id, what }) => `${id} ${what}`),
  );
}

/** Captured − refunded − transferred + taken back − fees − what banks have of it is what we have, by rows on one side and by the books on the other. */
async function cashIsWhatIsLeft({ rows }: StoreReaders) {
  const sums = await rows<{ currency: string; left: string; cash: string }>(
    'payments',
    `select p.currency, sum(p.captured_amount - p.refunded_amount)
              - coalesce((select sum(transferred - reversed) from settlement s where s.currency = p.currency), 0)
              - sum(coalesce(p.fee_amount, 0))
              - coalesce((select sum(withdrawn + fee) from payment_dispute d where d.currency = p.currency), 0)
              + coalesce((select sum(amount) from refund r
                           where r.currency = p.currency and r.dispute_id is not null), 0) as left,
            coalesce((select balance from ledger_account a
                       where a.kind = 'PLATFORM_CASH' and a.owner_id = '' and a.currency = p.currency), 0) as cash
       from payment p group by p.currency`,
  );
  return finding(
    sums.length,
    sums.flatMap(({ currency, left, cash }) =>
      left === cash ? [] : [`in ${currency} ${left} should be left, the books have ${cash}`],
    ),
  );
}

/** The provider's own transfers, by the settlement that we wrote on them. */
async function transferredAtTheProvider({ rows, stripe }: StoreReaders) {
  const settlements = await rows<{ id: string; transferred: string; reversed: string; isMoving: boolean }>(
    'payments',
    `select s.id, s.transferred, s.reversed, exists (
              select 1 from provider_operation o where o.settlement_id = s.id and o.status = 'PENDING') as "isMoving"
       from settlement s`,
  );
  const there = new Map<string, { count: number; amount: number; reversed: number }>();
  for await (const transfer of stripe.transfers.list({ limit: 100 })) {
    const id = transfer.metadata['settlementId'];
    if (id === undefined) continue;
    const known = there.get(id) ?? { count: 0, amount: 0, reversed: 0 };
    known.count += 1;
    known.amount += transfer.amount;
    known.reversed += transfer.amount_reversed;
    there.set(id, known);
  }
  const broken = settlements.flatMap(({ id, transferred, reversed, isMoving }) => {
    const { count, amount, reversed: back } = there.get(id) ?? { count: 0, amount: 0, reversed: 0 };
    if (count > 1) return [`${id} was transferred ${count} times at the provider`];
    if (isMoving || (amount === Number(transferred) && back === Number(reversed))) return [];
    return [`${id}: transferred ${transferred} and taken back ${reversed}, the provider says ${amount} and ${back}`];
  });
  return finding(there.size, broken);
}

async function feesAreBooked({ rows }: StoreReaders) {
  const [captured] = await rows<{ count: string }>(
    'payments',
    'select count(*) as count from payment where captured_amount > 0',
  );
  const broken = await rows<{ id: string; fee: string; booked: string }>(
    'payments',
    `select * from (
       select p.id, coalesce(p.fee_amount, 0) as fee,
              coalesce((select sum(case e.direction when 'DEBIT' then e.amount else -e.amount end)
                          from ledger_journal j join ledger_entry e on e.journal_id = j.id
                          join ledger_account a on a.id = e.account_id
                         where j.payment_id = p.id and j.fact like 'fee:%' and a.kind = 'FEES'), 0) as booked
         from payment p) fees where fee <> booked`,
  );
  return finding(
    Number(captured?.count ?? 0),
    broken.map(({ id, fee, booked }) => `${id}: the provider kept ${fee}, booked ${booked}`),
  );
}

/** A fee that we do not know yet is looked for until we do: the payment is not closed before. */
async function feesAtTheProvider({ rows, stripe }: StoreReaders) {
  const payments = await rows<{ id: string; reference: string; fee: string | null; isOpen: boolean }>(
    'payments',
    `select id, gateway_reference as reference, fee_amount as fee, closed_at is null as "isOpen"
       from payment where captured_amount > 0`,
  );
  const byReference = new Map(payments.map((payment) => [payment.reference, payment]));
  const broken: string[] = [];
  let checked = 0;
  for await (const charge of stripe.charges.list({ limit: 100, expand: ['data.balance_transaction'] })) {
    const intent = typeof charge.payment_intent === 'string' ? charge.payment_intent : charge.payment_intent?.id;
    const payment = intent === undefined ? undefined : byReference.get(intent);
    const entry = typeof charge.balance_transaction === 'object' ? charge.balance_transaction : null;
    if (!payment || !entry || !charge.captured) continue;
    checked += 1;
    if (payment.fee === null ? payment.isOpen : Number(payment.fee) === entry.fee) continue;
    broken.push(`${payment.id}: fee ${payment.fee ?? 'unknown'}, the provider says ${entry.fee} (${charge.id})`);
  }
  return finding(checked, broken);
}
