import { finding } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';

/** While a dispute of its payment is open no settlement is released, and none waits for a dispute that has ended. */
export async function disputesAreHeld({ rows }: StoreReaders) {
  const [settlements] = await rows<{ count: string }>('payments', 'select count(*) as count from payment_dispute');
  const broken = await rows<{ id: string; counted: number; open: number }>(
    'payments',
    `select s.id, s.open_disputes as counted, count(d.id)::int as open
       from settlement s left join payment_dispute d on d.payment_id = s.payment_id and d.status = 'OPEN'
      group by s.id having s.open_disputes <> count(d.id)`,
  );
  return finding(
    Number(settlements?.count ?? 0),
    broken.map(({ id, counted, open }) => `${id} counts ${counted} open disputes, there are ${open}`),
  );
}

interface KnownDispute {
  reference: string;
  status: string;
  withdrawn: number;
  fee: number;
}

/** What banks took and gave back of each payment, by the provider, by our rows and by the books. */
export async function disputesAtTheProvider({ rows, stripe }: StoreReaders) {
  const known = await rows<KnownDispute>(
    'payments',
    'select gateway_reference as reference, status, withdrawn::float8 as withdrawn, fee::float8 as fee from payment_dispute',
  );
  const own = await rows<{ reference: string; isMoving: boolean }>(
    'payments',
    `select gateway_reference as reference, exists (
              select 1 from webhook_event w where w.object_id = p.gateway_reference and w.status = 'PENDING') as "isMoving"
       from payment p where gateway_reference is not null`,
  );
  const moving = new Map(own.map(({ reference, isMoving }) => [reference, isMoving]));
  const byReference = new Map(known.map((dispute) => [dispute.reference, dispute]));
  const broken: string[] = [];
  let checked = 0;
  for await (const dispute of stripe.disputes.list({ limit: 100 })) {
    const intent = typeof dispute.payment_intent === 'string' ? dispute.payment_intent : dispute.payment_intent?.id;
    const isMoving = intent === undefined ? undefined : moving.get(intent);
    // Somebody else's on the same account, an inquiry that took nothing, or news that is being worked on.
    if (isMoving !== false || dispute.status.startsWith('warning_')) continue;
    checked += 1;
    const entries = dispute.balance_transactions.filter(({ currency }) => currency === dispute.currency);
    const taken = entries.reduce((sum, { amount }) => sum - amount, 0);
    const fee = entries.reduce((sum, entry) => sum + entry.fee, 0);
    const here = byReference.get(dispute.id);
    const isEnded = dispute.status === 'won' || dispute.status === 'lost';
    if (here?.withdrawn === taken && here.fee === fee && ['WON', 'LOST'].includes(here.status) === isEnded) continue;
    broken.push(
      `${dispute.id}: banks have ${here?.withdrawn ?? 0} for a fee of ${here?.fee ?? 0} here (${here?.status ?? 'unknown'}), ` +
        `the provider says ${taken} for ${fee} (${dispute.status})`,
    );
  }
  broken.push(...(await bookedOnChargebacks(rows)));
  return finding(checked + known.length, broken);
}

/** On CHARGEBACKS is what banks have and nobody was found to bear yet, or ever. */
async function bookedOnChargebacks(rows: StoreReaders['rows']): Promise<string[]> {
  const broken = await rows<{ id: string; booked: string; due: string }>(
    'payments',
    `select * from (
       select p.id,
              (select coalesce(sum(case e.direction when 'DEBIT' then e.amount else -e.amount end), 0)
                 from ledger_journal j join ledger_entry e on e.journal_id = j.id
                 join ledger_account a on a.id = e.account_id
                where j.payment_id = p.id and a.kind = 'CHARGEBACKS') as booked,
              (select sum(withdrawn) from payment_dispute d where d.payment_id = p.id)
              - (select coalesce(sum(amount), 0) from refund r where r.payment_id = p.id and r.dispute_id is not null) as due
         from payment p where exists (select 1 from payment_dispute d where d.payment_id = p.id)) chargebacks
      where booked <> due`,
  );
  return broken.map(({ id, booked, due }) => `${id}: ${due} should be on CHARGEBACKS, booked ${booked}`);
}
