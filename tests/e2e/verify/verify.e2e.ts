import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import { type StoreAccess, type Verdict, verifyStores } from '@marketgraph/verify';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playStory } from '../../story/play.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';

let marketplace: TestMarketplace;
let access: StoreAccess;

beforeAll(async () => {
  marketplace = await startTestMarketplace({ shape: 'monolith' });
  access = operatorAccess(marketplace.stores);
  await playStory(marketplace.graph, { report: silentReport });
});
afterAll(() => marketplace?.stop());

const broken = (verdicts: readonly Verdict[]) =>
  verdicts
    .filter(({ violations, error }) => violations > 0 || error)
    .map(({ id, examples, error }) => ({ id, examples, error }));

/** As the superuser. */
function databaseUrl(database: keyof StoreAccess['postgres']): string {
  const url = new URL(marketplace.stores.postgres.superuserUrl!);
  url.pathname = `/${database}`;
  return url.href;
}

/** As nobody may: past triggers and privileges. */
async function tamper(database: keyof StoreAccess['postgres'], ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(database) });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

describe('verify, over a marketplace in which everything has happened once', () => {
  it('finds everything as it must be, and has looked at something of each', async () => {
    // Events may still be on their way into the read models.
    const verdicts = await until(async () => {
      const found = await verifyStores(access);
      return broken(found).length === 0 ? found : Promise.reject(new Error(JSON.stringify(broken(found))));
    });
    expect(verdicts.map(({ id }) => id)).toEqual([
      'I1',
      'I2',
      'I3',
      'I4',
      'I5',
      'I6',
      'I7',
      'I8',
      'I9',
      'I10',
      'I11',
      'I12',
      'I13',
      'I14',
      'I15',
      'I16',
    ]);
    const unseen = verdicts.filter(({ checked }) => checked === 0).map(({ id }) => id);
    // Nothing is reserved once the story is over.
    expect(unseen.filter((id) => id !== 'I11')).toEqual([]);
  });

  it.each<[string, string, keyof StoreAccess['postgres'], string, string]>([
    [
      'I1',
      'an entry was raised',
      'payments',
      'update ledger_entry set amount = amount + 1 where id = (select min(id) from ledger_entry)',
      'update ledger_entry set amount = amount - 1 where id = (select min(id) from ledger_entry)',
    ],
    [
      'I2',
      'the application may change entries',
      'payments',
      'grant update on ledger_entry to payments_app',
      'revoke update on ledger_entry from payments_app',
    ],
    [
      'I3',
      'a balance was raised',
      'payments',
      'update ledger_account set balance = balance + 1',
      'update ledger_account set balance = balance - 1',
    ],
    [
      'I3',
      'a level was raised',
      'inventory',
      'update stock_level set on_hand = on_hand + 1',
      'update stock_level set on_hand = on_hand - 1',
    ],
    [
      'I4',
      'held money was overdrawn for a while',
      'payments',
      "update ledger_entry set direction = case direction when 'DEBIT' then 'CREDIT' else 'DEBIT' end",
      "update ledger_entry set direction = case direction when 'DEBIT' then 'CREDIT' else 'DEBIT' end",
    ],
    [
      'I5',
      'less was captured than the provider took',
      'payments',
      'update payment set captured_amount = captured_amount - 1 where captured_amount > 0',
      'update payment set captured_amount = captured_amount + 1 where captured_amount > 0',
    ],
    [
      'I6',
      'a vendor was promised more than there is',
      'payments',
      'update settlement set gross = gross + 1, net = net + 1, captured_gross = captured_gross + 1',
      'update settlement set gross = gross - 1, net = net - 1, captured_gross = captured_gross - 1',
    ],
    [
      'I6',
      'a transfer was never made',
      'payments',
      'update settlement set transfer_amount = transfer_amount + 1, transferred = transferred + 1',
      'update settlement set transferred = transferred - 1, transfer_amount = transfer_amount - 1',
    ],
    [
      'I6',
      'the provider kept another fee',
      'payments',
      'update payment set fee_amount = fee_amount + 1 where fee_amount is not null',
      'update payment set fee_amount = fee_amount - 1 where fee_amount is not null',
    ],
    [
      'I5',
      'a refund was never made',
      'payments',
      'update payment set refunded_amount = refunded_amount + 1 where captured_amount > refunded_amount + refunding_amount',
      'update payment set refunded_amount = refunded_amount - 1 where refunded_amount > 0',
    ],
    [
      'I7',
      'units are reserved for nobody',
      'inventory',
      'update stock_level set reserved = reserved + 1 where on_hand > reserved',
      'update stock_level set reserved = reserved - 1 where reserved > 0',
    ],
    [
      'I7',
      'of an allowance more was given than is allowed',
      'inventory',
      "insert into offer (offer_id, kind, allowed, granted, allowed_sequence) values ('dea_x', 'ALLOWANCE', 5, 7, 1)",
      "delete from offer where offer_id = 'dea_x'",
    ],
    [
      'I8',
      'a deal was sold without its slot',
      'orders',
      `update checkout set draft = jsonb_set(draft, '{vendorOrders,0,lines,0,dealId}', '"dea_x"')`,
      `update checkout set draft = draft #- '{vendorOrders,0,lines,0,dealId}'`,
    ],
    [
      'I8',
      'more was sold than was taken from stock',
      'orders',
      'update order_line set quantity = quantity + 1, line_total = line_total + unit_price',
      'update order_line set quantity = quantity - 1, line_total = line_total - unit_price',
    ],
    [
      'I6',
      'a return is open and holds no money',
      'orders',
      `insert into order_return (id, order_id, vendor_order_id, status, reason, requested_at, updated_at)
       select 'ret_x', order_id, id, 'APPROVED', 'x', now() - interval '1 hour', now() - interval '1 hour' from vendor_order limit 1`,
      "delete from order_return where id = 'ret_x'",
    ],
    [
      'I6',
      'a return is refunded and was not paid back',
      'orders',
      `insert into order_return (id, order_id, vendor_order_id, status, reason, restock, refund_amount, requested_at, updated_at)
       select 'ret_x', order_id, id, 'REFUNDED', 'x', false, 100, now(), now() from vendor_order limit 1`,
      "delete from order_return where id = 'ret_x'",
    ],
    [
      'I6',
      'money is held for nothing',
      'payments',
      "insert into return_hold (return_id, vendor_order_id, is_open, sequence, updated_at) values ('ret_x', 'vor_x', true, 1, now())",
      "delete from return_hold where return_id = 'ret_x'",
    ],
    [
      'I8',
      'units were given back that never came',
      'orders',
      `insert into give_back (id, order_id, vendor_order_id, reason, units, status, state, next_attempt_at, created_at, updated_at)
       select 'gbk_x', order_id, id, 'x', '[{"offerId": "x", "quantity": 1}]', 'DONE', '{}', now(), now(), now() from vendor_order limit 1`,
      "delete from give_back where id = 'gbk_x'",
    ],
    [
      'I9',
      'a paid order is called off',
      'orders',
      "update orders set status = status || '!' where confirmed_at is not null",
      "update orders set status = rtrim(status, '!')",
    ],
    [
      'I10',
      'a checkout has stopped',
      'orders',
      "update checkout set status = 'SETTLING', updated_at = updated_at - interval '1 hour' where status = 'COMPLETED'",
      "update checkout set status = 'COMPLETED', updated_at = updated_at + interval '1 hour' where status = 'SETTLING'",
    ],
    [
      'I11',
      'a reservation outlives its time',
      'inventory',
      "insert into reservation (id, cart_id, request_key, status, expires_at) values ('rsv_x', 'crt_x', 'ord_x', 'ACTIVE', now() - interval '1 hour')",
      "delete from reservation where id = 'rsv_x'",
    ],
    [
      'I15',
      'an audit entry was rewritten',
      'accounts',
      "update audit_log set action = action || '!' where sequence = 2",
      "update audit_log set action = rtrim(action, '!') where sequence = 2",
    ],
    [
      'I16',
      'an order was moved without a trace',
      'orders',
      "update vendor_order set status = 'REJECTED' where status = 'DELIVERED'",
      "update vendor_order set status = 'DELIVERED' where status = 'REJECTED'",
    ],
    [
      'I16',
      'a return came into being without a trace',
      'orders',
      `insert into order_return (id, order_id, vendor_order_id, status, reason, requested_at, updated_at)
       select 'ret_x', order_id, id, 'REQUESTED', 'x', now(), now() from vendor_order limit 1`,
      "delete from order_return where id = 'ret_x'",
    ],
    [
      'I16',
      'a return jumped',
      'orders',
      `insert into order_history (id, order_id, type, subject_id, from_status, to_status, at)
       select x.id, o.id, 'RETURN_STATUS', 'ret_x', x.was, x.became, now()
       from (select id from orders limit 1) o, (values ('evt_x1', null, 'REQUESTED'), ('evt_x2', 'REQUESTED', 'REFUNDED')) x (id, was, became)`,
      "delete from order_history where subject_id = 'ret_x'",
    ],
    [
      'I16',
      'a step was made that there is not',
      'orders',
      "update order_history set from_status = 'DELIVERED' where type = 'ORDER_STATUS' and from_status = 'PENDING_PAYMENT'",
      "update order_history set from_status = 'PENDING_PAYMENT' where type = 'ORDER_STATUS' and from_status = 'DELIVERED'",
    ],
  ])('%s sees that %s', async (id, _, database, plant, undo) => {
    const planted = async (): Promise<Verdict> => {
      await tamper(database, plant);
      try {
        const [verdict] = await verifyStores(access, { only: [id] });
        return verdict!;
      } finally {
        await tamper(database, undo);
      }
    };
    let verdict = await planted();
    // The sweeper may come by and end it before anybody has looked.
    for (let tries = 1; id === 'I11' && verdict.violations === 0 && tries < 10; tries += 1) verdict = await planted();
    expect(verdict).toMatchObject({ id, violations: expect.toSatisfy((count: number) => count > 0) });
    expect(broken(await verifyStores(access, { only: [id] }))).toEqual([]);
  });

  it('I6 holds while a bank has money of a payment and after it was lost, and sees when the books say something else', async () => {
    const client = new pg.Client({ connectionString: databaseUrl('payments') });
    await client.connect();
    const outside = async (path: string, body: object = {}) => {
      const answer = await fetch(`${marketplace.graph.stripe.apiUrl}/_emulator/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
      return (await answer.json()) as { id: string };
    };
    const untilHeard = (status: string) =>
      until(
        async () => (await client.query('select 1 from payment_dispute where status = $1', [status])).rowCount === 1,
      );
    const only = ['I1', 'I3', 'I4', 'I5', 'I6', 'I9'];
    // What follows from it, such as a transfer that is taken back, takes a moment.
    const holds = () => until(async () => broken(await verifyStores(access, { only })).length === 0);
    try {
      const { rows } = await client.query<{ charge: string }>(
        `select t.gateway_reference as charge from payment p join payment_transaction t on t.payment_id = p.id
          where t.type = 'CAPTURE' and p.refunded_amount < p.captured_amount order by p.id limit 1`,
      );
      const { id } = await outside(`charges/${rows[0]!.charge}/dispute`);
      await untilHeard('OPEN');
      await holds();
      for (const [plant, undo] of [
        [
          'update payment_dispute set withdrawn = withdrawn + 1',
          'update payment_dispute set withdrawn = withdrawn - 1',
        ],
        ['update payment_dispute set fee = fee - 1', 'update payment_dispute set fee = fee + 1'],
        [
          'update settlement set open_disputes = open_disputes + 1',
          'update settlement set open_disputes = open_disputes - 1',
        ],
      ] as const) {
        await tamper('payments', plant);
        const [verdict] = await verifyStores(access, { only: ['I6'] });
        await tamper('payments', undo);
        expect(verdict!.violations, plant).toBeGreaterThan(0);
      }
      await outside(`disputes/${id}`, { outcome: 'lost' });
      await untilHeard('LOST');
      await holds();
    } finally {
      await client.end();
    }
  });

  it('I12 sees that an event was never published', async () => {
    const client = new pg.Client({ connectionString: databaseUrl('orders') });
    await client.connect();
    try {
      // Without its lock the relay does nothing; it would publish the event before anybody could look.
      await client.query("select pg_advisory_lock(hashtext('outbox relay'))");
      await client.query(
        "update outbox set published_at = null, occurred_at = occurred_at - interval '1 hour' where position = 1",
      );
      const [verdict] = await verifyStores(access, { only: ['I12'] });
      expect(verdict?.examples.join()).toMatch(/^orders: orders\.\w+ evt_\w+ is not published$/);
      await client.query('update outbox set published_at = now() where position = 1');
    } finally {
      await client.end();
    }
  });

  it('I13 sees that a rating is not what the reviews say', async () => {
    const client = await MongoClient.connect(access.mongodb.reviews);
    try {
      const ratings = client.db().collection<{ _id: string }>('ratings');
      await ratings.updateMany({}, { $inc: { h1: 1 } });
      const [verdict] = await verifyStores(access, { only: ['I13'] });
      await ratings.updateMany({}, { $inc: { h1: -1 } });
      expect(verdict?.examples.join()).toMatch(/is rated .*, reviews say/);
    } finally {
      await client.close();
    }
  });

  it('I13 sees that something is found which is not for sale', async () => {
    const client = await MongoClient.connect(access.mongodb.catalog);
    try {
      const products = client.db().collection('products');
      const product = await products.findOne({ status: 'PUBLISHED' });
      await products.updateOne({ _id: product!._id }, { $set: { status: 'ARCHIVED' } });
      const [verdict] = await verifyStores(access, { only: ['I13'] });
      await products.updateOne({ _id: product!._id }, { $set: { status: 'PUBLISHED' } });
      expect(verdict?.examples).toEqual([`${String(product!._id)} is found and not for sale`]);
    } finally {
      await client.close();
    }
  });

  it('I13 sees that something is found at another price, and by another title', async () => {
    const client = await MongoClient.connect(access.mongodb.catalog);
    try {
      const offers = client.db().collection('offers');
      const offer = await offers.findOne({ status: 'ACTIVE' });
      await offers.updateOne({ _id: offer!._id }, { $inc: { 'price.amount': 1 } });
      const products = client.db().collection('products');
      const product = await products.findOne({ status: 'PUBLISHED', _id: { $ne: offer!['productId'] } });
      await products.updateOne({ _id: product!._id }, { $set: { 'texts.0.title': 'Something else' } });
      const [verdict] = await verifyStores(access, { only: ['I13'] });
      await offers.updateOne({ _id: offer!._id }, { $inc: { 'price.amount': -1 } });
      await products.updateOne({ _id: product!._id }, { $set: { 'texts.0.title': product!['texts'][0].title } });
      expect(verdict?.examples.join()).toMatch(/and is "Something else"/);
      expect(verdict?.examples.join()).toMatch(/is found at .* and costs /);
    } finally {
      await client.close();
    }
  });

  it('I14 sees that a consumer has given up', async () => {
    const redis = new Redis(access.redisUrl);
    try {
      await redis.xadd('dead:test', '*', 'envelope', '{}');
      const [verdict] = await verifyStores(access, { only: ['I14'] });
      await redis.del('dead:test');
      expect(verdict?.examples).toEqual(['dead:test holds 1']);
    } finally {
      redis.disconnect();
    }
  });

  it('says which store it could not read, and goes on', async () => {
    const verdicts = await verifyStores({ ...access, redisUrl: 'redis://127.0.0.1:1' }, { only: ['I1', 'I14', 'I15'] });
    expect(verdicts.map(({ id, error }) => [id, error !== undefined])).toEqual([
      ['I1', false],
      ['I14', true],
      ['I15', false],
    ]);
  });
});
