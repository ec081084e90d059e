import { finding } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';

/** News of a return takes a moment to payments. */
const HEARD_S = 60;

/** While orders say that a return is open, payments hold its vendor's money, and no longer. */
export async function returnsAreHeld({ rows }: StoreReaders) {
  const returns = await rows<{ id: string; isOpen: boolean; isNew: boolean }>(
    'orders',
    `select id, status in ('REQUESTED', 'APPROVED', 'IN_TRANSIT', 'RECEIVED') as "isOpen",
            updated_at > now() - make_interval(secs => $1) as "isNew"
       from order_return`,
    [HEARD_S],
  );
  const holds = await rows<{ id: string }>('payments', 'select return_id as id from return_hold where is_open');
  const counts = await rows<{ id: string; counted: number; open: number }>(
    'payments',
    `select s.id, s.open_returns as counted, count(h.return_id)::int as open
       from settlement s left join return_hold h on h.vendor_order_id = s.vendor_order_id and h.is_open
      group by s.id having s.open_returns <> count(h.return_id)`,
  );
  const held = new Set(holds.map(({ id }) => id));
  const known = new Map(returns.map((row) => [row.id, row]));
  return finding(returns.length + holds.length, [
    ...returns
      .filter(({ id, isOpen, isNew }) => !isNew && isOpen !== held.has(id))
      .map(({ id, isOpen }) => (isOpen ? `${id} is open and holds no money` : `${id} has ended and holds money`)),
    ...holds.filter(({ id }) => !known.has(id)).map(({ id }) => `${id} holds money and is no return`),
    ...counts.map(({ id, counted, open }) => `${id} counts ${counted} open returns, there are ${open}`),
  ]);
}

/** The buyer has for each return what orders reckoned, once; what is not REFUNDED yet is at most on its way. */
export async function returnsArePaidBack({ rows }: StoreReaders) {
  const returns = await rows<{ id: string; due: string }>(
    'orders',
    `select id, refund_amount as due from order_return where status = 'REFUNDED'`,
  );
  const refunds = await rows<{ id: string; paid: string }>(
    'payments',
    // One that the bank sent back was paid all the same; it is held for the buyer (I6).
    `select r.return_id as id, sum(r.amount) as paid from refund r
       join ledger_journal j on j.fact = 'refund:' || r.id
      where r.return_id is not null group by r.return_id`,
  );
  const paid = new Map(refunds.map((row) => [row.id, row.paid]));
  return finding(
    returns.length,
    returns.flatMap(({ id, due }) => {
      const found = paid.get(id) ?? '0';
      return found === due ? [] : [`${id} is refunded: ${due} was due, ${found} was paid`];
    }),
  );
}

/** What orders gave back to the shelf is what the shelf got, each once: the give-back's id is on both. */
export async function unitsCameBackOnce({ rows }: StoreReaders) {
  const given = await rows<{ id: string; units: number; isDone: boolean }>(
    'orders',
    `select id, status = 'DONE' as "isDone",
            (select coalesce(sum((unit->>'quantity')::int), 0)::int from jsonb_array_elements(units) unit) as units
       from give_back`,
  );
  const got = await rows<{ id: string; units: number }>(
    'inventory',
    `select m.reference_id as id, sum(m.on_hand_delta)::int as units from stock_movement m
       join stock_return back on back.id = m.reference_id where m.reason = 'RETURN' group by m.reference_id`,
  );
  const came = new Map(got.map(({ id, units }) => [id, units]));
  const known = new Set(given.map(({ id }) => id));
  return finding(given.length, [
    ...given.flatMap(({ id, units, isDone }) => {
      const found = came.get(id) ?? 0;
      return found === units || (!isDone && found === 0) ? [] : [`${id} gave back ${units}, ${found} came`];
    }),
    ...got.filter(({ id }) => !known.has(id)).map(({ id, units }) => `${units} came back as ${id}, which is nothing`),
  ]);
}
