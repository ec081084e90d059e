import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anonymous, type StreamRoot, type UserViewer } from '@marketgraph/platform/graphql';
import { until } from '@marketgraph/platform/testing';
import type { NotificationCreated } from '@marketgraph/schema/events/accounts';
import { productModerated } from '@marketgraph/schema/events/catalog';
import * as contracts from '@marketgraph/schema/events/orders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mail, folderMailSink } from '../src/clients/mail-sink.ts';
import { aBuyer, anActiveVendor, eventsOf, type Harness, ids, startHarness } from './harness.ts';

let harness: Harness;
/** How often the sink is to fail for a recipient's mail before it works. */
let failures = 0;
const attempts = new Map<string, number>();

beforeAll(async () => {
  harness = await startHarness({
    mailSink: {
      async deliver(mail: Mail) {
        attempts.set(mail.id, (attempts.get(mail.id) ?? 0) + 1);
        if (failures > 0) {
          failures -= 1;
          throw new Error('sink is full');
        }
        await folderMailSink(join(harness.config.outboxDir, 'mail')).deliver(mail);
      },
    },
  });
});
afterAll(() => harness?.stop());

type Contract = { name: string; version: number; sample: object };

/** As orders tells it; the same id and key when it is told again. */
function anEvent(contract: Contract, payload: object, id = ids.next('evt')) {
  const full = { ...contract.sample, ...payload };
  const key =
    'vendorOrderId' in payload ? String(payload.vendorOrderId) : String((full as { orderId: string }).orderId);
  const { name, version } = contract;
  return { id, name, version, occurredAt: new Date().toISOString(), key, sequence: 1, payload: full };
}

interface Listed {
  id: string;
  topic: string;
  title: string;
  subjectId: string;
  readAt: string | null;
}

const inbox = async (viewer: UserViewer, args = '') =>
  (
    await harness.ask<{
      me: {
        notifications: {
          unreadCount: number;
          edges: { cursor: string; node: Listed }[];
          pageInfo: { hasNextPage: boolean };
        };
      };
    }>(
      viewer,
      `{ me { notifications${args} { unreadCount pageInfo { hasNextPage } edges { cursor node { id topic title subjectId readAt } } } } }`,
    )
  ).me.notifications;

const mailsTo = async (viewer: UserViewer): Promise<string[]> => {
  const { me } = await harness.ask<{ me: { email: string } }>(viewer, '{ me { email } }');
  const dir = join(harness.config.outboxDir, 'mail');
  const files = await readdir(dir).catch(() => []);
  const mails = await Promise.all(
    files.filter((file) => file.endsWith('.eml')).map((file) => readFile(join(dir, file), 'utf8')),
  );
  return mails.filter((mail) => mail.includes(`To: ${me.email}\r\n`));
};

/** Everything published so far has been handled: a later event of this group has. */
const settled = async () => {
  const marker = await aBuyer(harness);
  await harness.bus.publish('orders', [
    anEvent(contracts.orderFailed, { orderId: ids.next('ord'), buyerId: marker.userId }),
  ]);
  await until(async () => (await inbox(marker)).edges.length === 1);
  await until(async () => (await mailsTo(marker)).length === 1);
};

const preferences = (viewer: UserViewer, input: string) =>
  harness.ask<{ notificationPreferencesUpdate: { user: unknown; userErrors: { code: string; field: string[] }[] } }>(
    viewer,
    `mutation { notificationPreferencesUpdate(input: ${input}) {
       user { notificationPreferences { channels mutedTopics } } userErrors { code field } } }`,
  );

describe('notifications', () => {
  it('O34 tell a buyer once in the app and once by mail that an order is confirmed, failed or shipped, though told twice', async () => {
    const buyer = await aBuyer(harness);
    const [orderId, failedId, vendorOrderId] = [ids.next('ord'), ids.next('ord'), ids.next('vor')];
    const shipped = {
      orderId,
      vendorOrderId,
      buyerId: buyer.userId,
      type: 'FULFILLMENT_UPDATED',
      previousStatus: 'PENDING',
      status: 'SHIPPED',
    };
    const events = [
      anEvent(contracts.orderConfirmed, { orderId, buyerId: buyer.userId, number: 'M-2026-000042' }),
      anEvent(contracts.orderFailed, { orderId: failedId, buyerId: buyer.userId, message: 'Your card was declined.' }),
      anEvent(contracts.vendorOrderChanged, { ...shipped, previousStatus: null, status: 'PENDING', type: 'PLACED' }),
      anEvent(contracts.vendorOrderChanged, shipped),
      // Another parcel moves; the part was shipped before.
      anEvent(contracts.vendorOrderChanged, { ...shipped, previousStatus: 'SHIPPED' }),
    ];
    await harness.bus.publish('orders', [...events, ...events]);
    // And under other ids, as a replayed history would come.
    await harness.bus.publish(
      'orders',
      events.map((event) => ({ ...event, id: ids.next('evt') })),
    );
    await settled();

    const { edges, unreadCount } = await inbox(buyer);
    expect(edges.map(({ node }) => [node.topic, node.subjectId]).toSorted()).toEqual([
      ['order.confirmed', orderId],
      ['order.paymentFailed', failedId],
      ['order.shipped', orderId],
    ]);
    expect(unreadCount).toBe(3);
    const mails = await mailsTo(buyer);
    expect(mails).toHaveLength(3);
    expect(mails.filter((mail) => mail.includes('Subject: Order M-2026-000042 is confirmed'))).toHaveLength(1);
    expect(mails.filter((mail) => mail.includes('Your card was declined. Nothing was charged.'))).toHaveLength(1);
    const told = (await eventsOf(harness, buyer.userId)).filter(({ name }) => name === 'accounts.notificationCreated');
    expect(told.map(({ payload }) => (payload as NotificationCreated).notificationId).toSorted()).toEqual(
      edges.map(({ node }) => node.id).toSorted(),
    );
  });

  it('O23 tell each side of a return what the other has done, once', async () => {
    const buyer = await aBuyer(harness);
    const vendor = await anActiveVendor(harness);
    const about = { returnId: ids.next('ret'), orderId: ids.next('ord'), vendorId: vendor.id, buyerId: buyer.userId };
    const statuses = ['REQUESTED', 'APPROVED', 'IN_TRANSIT', 'RECEIVED', 'REFUNDED'];
    const events = statuses.map((status) => anEvent(contracts.returnChanged, { ...about, status }));
    await harness.bus.publish('orders', [...events, ...events]);
    await settled();
    const titles = async (viewer: UserViewer) =>
      (await inbox(viewer)).edges
        .filter(({ node }) => node.topic === 'order.return' && node.subjectId === about.orderId)
        .map(({ node }) => node.title)
        .toSorted();
    expect(await titles(buyer)).toEqual([
      'Your return has arrived',
      'Your return is approved',
      'Your return is refunded',
    ]);
    expect(await titles(vendor.owner)).toEqual(['A buyer wants to return goods', 'A return is on its way']);
  });

  it('C19 tell everybody of a vendor what a moderator has decided, and why, once per verdict', async () => {
    const vendor = await anActiveVendor(harness);
    const about = { productId: ids.next('prd'), vendorId: vendor.id, title: 'Brass lamp' };
    const rejected = anEvent(productModerated, { ...about, decision: 'REJECT', reason: 'No bulb.' });
    const approved = { ...anEvent(productModerated, { ...about, decision: 'APPROVE', reason: null }), sequence: 2 };
    // Of one key, so that the approval is handled last.
    await harness.bus.publish('catalog', [rejected, { ...rejected, id: ids.next('evt') }, approved]);
    const notices = await until(async () => {
      const told = (await inbox(vendor.owner)).edges.filter(({ node }) => node.subjectId === about.productId);
      return told.some(({ node }) => node.title === 'Your product is in the shop') ? told : undefined;
    });
    expect(notices.map(({ node }) => [node.topic, node.title]).toSorted()).toEqual([
      ['product.moderated', 'Your product is in the shop'],
      ['product.moderated', 'Your product was taken out of the shop'],
    ]);
    const mails = await until(async () => {
      const sent = await mailsTo(vendor.owner);
      return sent.length >= 2 ? sent : undefined;
    });
    expect(mails.filter((mail) => mail.includes('No bulb.'))).toHaveLength(1);
  });

  it('O34 come by the channels chosen and not about a muted topic', async () => {
    const [muted, mailOnly, appOnly] = [await aBuyer(harness), await aBuyer(harness), await aBuyer(harness)];
    await preferences(muted, '{ channels: [EMAIL, IN_APP], mutedTopics: ["order.confirmed"] }');
    await preferences(mailOnly, '{ channels: [EMAIL] }');
    await preferences(appOnly, '{ channels: [IN_APP, IN_APP] }');
    const people = [muted, mailOnly, appOnly];
    await harness.bus.publish(
      'orders',
      people.map(({ userId }) => anEvent(contracts.orderConfirmed, { orderId: ids.next('ord'), buyerId: userId })),
    );
    await settled();
    const seen = await Promise.all(
      people.map(async (viewer) => [(await inbox(viewer)).edges.length, (await mailsTo(viewer)).length]),
    );
    expect(seen).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(await preferences(muted, '{ channels: [], mutedTopics: ["no.such"] }')).toMatchObject({
      notificationPreferencesUpdate: { user: null, userErrors: [{ code: 'INVALID', field: ['mutedTopics'] }] },
    });
  });

  it('O34 for nobody we know hold nothing up', async () => {
    const nobody = ids.next('usr');
    const event = anEvent(contracts.orderConfirmed, { orderId: ids.next('ord'), buyerId: nobody });
    await harness.bus.publish('orders', [event]);
    await settled();
    const handled = await harness.db.em.fork().execute<unknown[]>('select 1 from inbox where event_id = ?', [event.id]);
    expect(handled).toHaveLength(1);
    expect(await eventsOf(harness, nobody)).toEqual([]);
  });

  it('are mailed once the sink works again, and once only', async () => {
    const buyer = await aBuyer(harness);
    failures = 1;
    await harness.bus.publish('orders', [
      anEvent(contracts.orderConfirmed, { orderId: ids.next('ord'), buyerId: buyer.userId }),
    ]);
    const [mail] = await until(async () => {
      const mails = await mailsTo(buyer);
      return mails.length > 0 ? mails : null;
    });
    const id = /Message-ID: <(.+)@/.exec(mail!)![1]!;
    expect(attempts.get(id)).toBe(2);
    const state = () =>
      harness.db.em
        .fork()
        .execute<{ state: string; attempts: number }[]>('select state, attempts from mail where id = ?', [id]);
    await until(async () => (await state())[0]?.state === 'SENT');
    expect(await state()).toEqual([{ state: 'SENT', attempts: 2 }]);
  });

  it('are listed newest first, page by page, and stay read', async () => {
    const buyer = await aBuyer(harness);
    for (let n = 0; n < 3; n += 1) {
      await harness.bus.publish('orders', [
        anEvent(contracts.orderConfirmed, { orderId: ids.next('ord'), buyerId: buyer.userId }),
      ]);
      await until(async () => (await inbox(buyer)).edges.length === n + 1);
    }
    const all = (await inbox(buyer)).edges;
    const first = await inbox(buyer, '(first: 2)');
    const rest = await inbox(buyer, `(first: 2, after: "${first.edges[1]!.cursor}")`);
    expect([...first.edges, ...rest.edges]).toEqual(all);
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
    const ids2 = all.slice(0, 2).map(({ node }) => node.id);
    const mark = 'mutation($ids: [ID!]!) { notificationMarkRead(ids: $ids) { success userErrors { code } } }';
    // Somebody else's attempt is passed over.
    await harness.ask(await aBuyer(harness), mark, { ids: ids2 });
    expect((await inbox(buyer)).unreadCount).toBe(3);
    expect(await harness.ask(buyer, mark, { ids: ids2 })).toEqual({
      notificationMarkRead: { success: true, userErrors: [] },
    });
    const read = await inbox(buyer);
    expect(read.unreadCount).toBe(1);
    await harness.ask(buyer, mark, { ids: ids2 });
    expect(await inbox(buyer)).toEqual(read);
    expect(await harness.ask(buyer, mark, { ids: [] })).toMatchObject({
      notificationMarkRead: { success: false, userErrors: [{ code: 'INVALID' }] },
    });
  });
});

describe('notificationReceived', () => {
  const query = 'subscription { notificationReceived { kind cursor notification { id topic } } }';
  const root = (kind: StreamRoot['kind'], payload?: NotificationCreated): StreamRoot => ({
    kind,
    cursor: 'c1',
    occurredAt: new Date().toISOString(),
    ...(payload
      ? {
          envelope: {
            id: ids.next('evt'),
            name: 'accounts.notificationCreated',
            key: payload.userId,
            sequence: 1,
            payload,
          },
        }
      : {}),
  });

  it('begins with the newest notification, or with nothing, and goes on with each that comes', async () => {
    const buyer = await aBuyer(harness);
    await expect(harness.askEvent(buyer, query, root('SNAPSHOT'))).rejects.toMatchObject({ code: 'EVENT_SKIPPED' });
    await harness.bus.publish('orders', [
      anEvent(contracts.orderConfirmed, { orderId: ids.next('ord'), buyerId: buyer.userId }),
    ]);
    const { node } = (await until(async () => (await inbox(buyer)).edges[0]))!;
    const notification = { id: node.id, topic: 'order.confirmed' };
    expect(await harness.askEvent(buyer, query, root('SNAPSHOT'))).toEqual({
      notificationReceived: { kind: 'SNAPSHOT', cursor: 'c1', notification },
    });
    const fact = { notificationId: node.id, userId: buyer.userId, topic: node.topic };
    expect(await harness.askEvent(buyer, query, root('LIVE', fact))).toEqual({
      notificationReceived: { kind: 'LIVE', cursor: 'c1', notification },
    });
    await expect(harness.askEvent(await aBuyer(harness), query, root('LIVE', fact))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(harness.askEvent(anonymous, query, root('SNAPSHOT'))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    const [event] = await harness.db.em
      .fork()
      .execute<{ topics: string[] }[]>(
        "select topics from outbox where name = 'accounts.notificationCreated' and key = ?",
        [buyer.userId],
      );
    expect(event!.topics).toEqual([`notificationReceived:${buyer.userId}`]);
  });
});
