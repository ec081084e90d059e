import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamRoot, Viewer } from '@marketgraph/platform/graphql';
import { createLogger } from '@marketgraph/platform/telemetry';
import { aUser, until } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  anAuthorizedPayment,
  aPart,
  create,
  ids,
  type Marketplace,
  operator,
  orders,
  settle,
  startMarketplace,
  sync,
} from './marketplace.ts';

let shop: Marketplace;
let folder: string;
let logFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'payments-log-'));
  logFile = join(folder, 'payments.log');
  shop = await startMarketplace({ log: createLogger({ service: 'payments', level: 'trace', file: logFile }) });
});
afterAll(async () => {
  await shop?.stop();
  await rm(folder, { recursive: true, force: true });
});

const support = aUser({ roles: ['SUPPORT'] });
const ANY = `query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Payment { status } ... on Order { payment { id } }
  ... on PaymentTransaction { type } ... on VendorSettlement { settled: status } ... on User { paymentMethods { brand last4 expiry } } } }`;

async function read(viewer: Viewer, typename: string, id: string): Promise<unknown> {
  const r = [{ __typename: typename, id }];
  return (await shop.run<{ _entities: unknown[] }>(viewer, ANY, { r }))._entities[0];
}

describe('who reads a payment', () => {
  it('its buyer, support, operators and services; to a vendor or stranger it reads like one that does not exist', async () => {
    const { id, checkout } = await anAuthorizedPayment(shop);
    const vendor = aPart(10_000);
    await settle(shop, { paymentId: id, vendorOrders: [vendor] });
    const buyer = aUser({ userId: checkout.buyerId });
    const seller = aUser({ roles: ['VENDOR_ADMIN'], memberships: [{ of: vendor.vendorId, role: 'VENDOR_ADMIN' }] });
    const query = 'query($id: ID!) { payment(id: $id) { status } }';
    for (const viewer of [buyer, support, operator, orders]) {
      expect(await shop.run(viewer, query, { id })).toEqual({ payment: { status: 'CAPTURED' } });
      expect(await read(viewer, 'Payment', id)).toEqual({ __typename: 'Payment', status: 'CAPTURED' });
      expect(await read(viewer, 'Order', checkout.orderId)).toEqual({ __typename: 'Order', payment: { id } });
    }
    const [transaction] = await shop.sql<{ id: string }>('select id from payment_transaction where payment_id = ?', [
      id,
    ]);
    const [settlement] = await shop.sql<{ id: string }>('select id from settlement where payment_id = ?', [id]);
    for (const viewer of [seller, aUser(), { kind: 'anonymous' } as const]) {
      expect(await shop.run(viewer, query, { id })).toEqual(await shop.run(viewer, query, { id: ids.next('pay') }));
      expect(await read(viewer, 'Payment', id)).toBeNull();
      expect(await read(viewer, 'PaymentTransaction', transaction!.id)).toBeNull();
      expect(await read(viewer, 'Order', checkout.orderId)).toEqual({ __typename: 'Order', payment: null });
    }
    expect(await read(buyer, 'PaymentTransaction', transaction!.id)).toMatchObject({ type: 'AUTHORIZATION' });
    expect(await read(buyer, 'VendorSettlement', settlement!.id)).toBeNull();
    expect(await read(seller, 'VendorSettlement', settlement!.id)).toMatchObject({ settled: 'HELD' });
    expect(await read(buyer, 'User', checkout.buyerId)).toMatchObject({
      paymentMethods: [{ brand: 'visa', last4: '4242' }],
    });
    expect(await read(seller, 'User', checkout.buyerId)).toMatchObject({ paymentMethods: null });
  });
});

describe('streams', () => {
  const at = (overrides: Partial<StreamRoot>): StreamRoot => ({
    kind: 'SNAPSHOT',
    cursor: 'c1',
    occurredAt: '2026-01-01T00:00:00.000Z',
    ...overrides,
  });
  const live = (payload: unknown): Partial<StreamRoot> => ({
    kind: 'LIVE',
    envelope: { id: 'evt', name: 'payments', key: 'k', sequence: 1, payload },
  });
  const STATUS = `subscription($id: ID!) { paymentStatusChanged(paymentId: $id) { __typename cursor kind occurredAt previousStatus payment { id status } } }`;
  const FEED = `subscription($id: ID!) { payoutFeed(vendorId: $id) { cursor kind settlement { id status } } }`;
  const follow = (viewer: Viewer, query: string, id: string, event: StreamRoot) =>
    shop.subgraph.executeEvent({ query, variables: { id }, viewer, requestId: 'test', event });

  it('P21 paymentStatusChanged begins with the state and goes on with each change; strangers are refused each time', async () => {
    const { id, checkout } = await anAuthorizedPayment(shop);
    const buyer = aUser({ userId: checkout.buyerId });
    const first = await follow(buyer, STATUS, id, at({}));
    expect(JSON.parse(JSON.stringify(first.data))).toEqual({
      paymentStatusChanged: {
        __typename: 'PaymentEvent',
        cursor: 'c1',
        kind: 'SNAPSHOT',
        occurredAt: '2026-01-01T00:00:00.000Z',
        previousStatus: null,
        payment: { id, status: 'AUTHORIZED' },
      },
    });
    const [told] = await shop.orm.em
      .fork()
      .execute<{ name: string; sequence: string }[]>(
        "select name, sequence from outbox where name = 'payments.paymentStatusChanged' and key = ? order by position desc",
        [id],
      );
    const shown = { name: told!.name, key: id, sequence: Number(told!.sequence) };
    expect(first.extensions).toEqual({ shows: shown });
    const change = live({ paymentId: id, previousStatus: 'PROCESSING', status: 'AUTHORIZED' });
    expect((await follow(buyer, STATUS, id, at(change))).data).toMatchObject({
      paymentStatusChanged: { kind: 'LIVE', previousStatus: 'PROCESSING', payment: { status: 'AUTHORIZED' } },
    });
    for (const event of [at({}), at(change)]) {
      expect((await follow(aUser(), STATUS, id, event)).errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
      expect((await follow({ kind: 'anonymous' }, STATUS, id, event)).errors?.[0]?.extensions['code']).toBe(
        'UNAUTHENTICATED',
      );
    }
    const unknown = await follow(buyer, STATUS, ids.next('pay'), at({}));
    const foreign = await follow(aUser(), STATUS, id, at({}));
    expect(unknown.errors?.[0]?.message).toBe(foreign.errors?.[0]?.message);
  });

  it('payoutFeed begins with the newest settlement or none, and tells of each change to the vendor alone', async () => {
    const part = aPart(10_000);
    const seller = aUser({ memberships: [{ of: part.vendorId, role: 'VENDOR_STAFF' }] });
    expect((await follow(seller, FEED, part.vendorId, at({}))).data).toMatchObject({
      payoutFeed: { settlement: null },
    });
    const { id } = await anAuthorizedPayment(shop);
    await settle(shop, { paymentId: id, vendorOrders: [part] });
    const [settlement] = await shop.sql<{ id: string }>('select id from settlement where payment_id = ?', [id]);
    const held = { payoutFeed: { settlement: { id: settlement!.id, status: 'HELD' } } };
    expect((await follow(seller, FEED, part.vendorId, at({}))).data).toMatchObject(held);
    const change = live({ settlementId: settlement!.id, vendorId: part.vendorId });
    expect((await follow(seller, FEED, part.vendorId, at(change))).data).toMatchObject(held);
    expect((await follow(aUser(), FEED, part.vendorId, at(change))).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    const others = live({ settlementId: settlement!.id, vendorId: ids.next('ven') });
    expect((await follow(seller, FEED, part.vendorId, at(others))).errors?.[0]?.extensions['code']).toBe(
      'EVENT_SKIPPED',
    );
  });
});

describe('P1 card numbers', () => {
  it('P1 P17 no row of any table and no line of the log holds a card number or the secret key', async () => {
    const { host, port } = shop.emulator;
    const browser = new Stripe('pk_test_payments', { host, port, protocol: 'http' });
    const card = { number: '5555555555554444', exp_month: 12, exp_year: 2031, cvc: '123' };
    const method = await browser.paymentMethods.create({ type: 'card', card });
    const checkout = aCheckout({ description: 'Gift, please charge 4000 0566 5566 5556 instead' });
    const { payment, clientSecret } = await create(shop, checkout);
    await shop.confirm(clientSecret!, method.id);
    await sync(shop, payment!.id);
    await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] });

    const tables = await shop.sql<{ tablename: string }>("select tablename from pg_tables where schemaname = 'public'");
    const texts: string[] = [];
    for (const { tablename } of tables.filter((table) => !table.tablename.startsWith('mikro_orm'))) {
      const stored = await shop.sql<{ text: string }>(`select row_to_json(t)::text as text from "${tablename}" t`);
      texts.push(...stored.map((row) => row.text));
    }
    expect(texts.length).toBeGreaterThan(20);
    // Something is logged for certain, after all that could have been.
    await fetch(shop.webhookUrl, { method: 'POST', body: '{"card":"5555555555554444"}' });
    const log = await until(async () => {
      const text = await readFile(logFile, 'utf8');
      return text.includes('webhook refused') && text;
    });
    const everything = [...texts, log].join('\n');
    expect(everything).toContain('4444');
    expect(cardNumbersIn(everything)).toEqual([]);
    expect(everything).not.toContain(shop.config.stripe.secretKey);
    expect(log).not.toContain(clientSecret!);
    expect(cardNumbersIn('a planted 5555555555554444 is found')).toEqual(['5555555555554444']);
  });
});

function cardNumbersIn(text: string): string[] {
  const candidates = text.match(/(?<![0-9A-Za-z.:-])\d(?:[ -]?\d){12,18}(?![0-9A-Za-z])/g) ?? [];
  return candidates.filter((candidate) => {
    const digits = candidate.replaceAll(/\D/g, '').split('').toReversed().map(Number);
    const doubled = digits.map((digit, index) => (index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2));
    return doubled.reduce((sum, digit) => sum + digit, 0) % 10 === 0;
  });
}

it('X5 is ready while its stores answer', async () => {
  expect(await shop.subgraph.readiness()).toEqual({
    ready: true,
    checks: { postgres: { ok: true, detail: expect.stringMatching(/^PostgreSQL \d+/) }, redis: { ok: true } },
  });
});
