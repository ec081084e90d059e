import { randomUUID } from 'node:crypto';
import { anonymous, type Subgraph, type UserViewer, type Viewer } from '@marketgraph/platform/graphql';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { type MongoDatabase, openMongo } from '@marketgraph/platform/mongo';
import { aUser, silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { vendorOrderDelivered } from '@marketgraph/schema/events/orders';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareRatings } from '../src/commands/rebuild-ratings.ts';
import { reviewsStore } from '../src/store/reviews-store.ts';
import { createReviews } from '../src/subgraph.ts';

const ids = testIds();
const moderator = aUser({ roles: ['BUYER', 'MODERATOR'] });
let stores: Stores;
let subgraph: Subgraph;
let bus: EventBus;
let database: MongoDatabase;

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb', 'redis'] });
  subgraph = await createReviews({
    config: { mongodbUrl: stores.mongodb.reviews, redisUrl: stores.redis.reviews },
    log,
    peers: { call: () => Promise.reject(new Error('reviews call nobody')) },
  });
  await subgraph.start();
  bus = await createRedisBus({ url: stores.redis.reviews, log });
  database = await openMongo({ url: stores.mongodb.reviews, applicationName: 'test' });
});
afterAll(async () => {
  await database?.client.close();
  await bus?.close();
  await subgraph?.stop();
  await stores?.stop();
});

async function ask<Data>(viewer: Viewer, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const result = await subgraph.execute({ query, variables, viewer, requestId: randomUUID() });
  if (result.errors)
    throw Object.assign(new Error(result.errors[0]!.message), { code: result.errors[0]!.extensions['code'] });
  return JSON.parse(JSON.stringify(result.data)) as Data;
}

interface Purchase {
  buyer: UserViewer;
  lineId: string;
  productId: string;
  vendorId: string;
}

/** A line that has arrived, told of by the event as orders sends it. */
async function aDeliveredLine(overrides: Partial<Purchase> = {}): Promise<Purchase> {
  const purchase = {
    buyer: aUser(),
    lineId: ids.next('lin'),
    productId: ids.next('prd'),
    vendorId: ids.next('ven'),
    ...overrides,
  };
  const { buyer, lineId, productId, vendorId } = purchase;
  const payload = {
    ...vendorOrderDelivered.sample,
    buyerId: buyer.userId,
    vendorId,
    lines: [{ ...vendorOrderDelivered.sample.lines[0]!, lineId, productId }],
  };
  const envelope = {
    id: ids.next('evt'),
    name: vendorOrderDelivered.name,
    version: 1,
    occurredAt: new Date().toISOString(),
    key: ids.next('vor'),
    sequence: 1,
    payload,
  };
  // Delivered twice: the second time changes nothing.
  await bus.publish('orders', [envelope, envelope]);
  await until(async () => reviewsStore(database).purchases.findOne({ _id: lineId }), { what: 'the purchase' });
  return purchase;
}

interface Payload {
  review: { id: string; status: string; rating: number; isVerifiedPurchase: boolean } | null;
  userErrors: { code: string; field: string[] | null }[];
}

const PAYLOAD = 'review { id status rating isVerifiedPurchase } userErrors { code field }';

async function submit(viewer: Viewer, input: Record<string, unknown>, key?: string): Promise<Payload> {
  const query = `mutation($input: ReviewSubmitInput!, $key: IdempotencyKey) { reviewSubmit(input: $input, idempotencyKey: $key) { ${PAYLOAD} } }`;
  return (
    await ask<{ reviewSubmit: Payload }>(viewer, query, { input: { target: 'PRODUCT', rating: 5, ...input }, key })
  ).reviewSubmit;
}

async function moderate(viewer: Viewer, id: string, decision: string): Promise<Payload> {
  const query = `mutation($input: ReviewModerateInput!) { reviewModerate(input: $input) { ${PAYLOAD} } }`;
  return (await ask<{ reviewModerate: Payload }>(viewer, query, { input: { id, decision } })).reviewModerate;
}

async function ratingOf(
  id: string,
  type = 'Product',
): Promise<{ average: number; count: number; histogram: number[] }> {
  const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on ${type} { rating { average count histogram } } } }`;
  const data = await ask<{ _entities: { rating: { average: number; count: number; histogram: number[] } }[] }>(
    anonymous,
    query,
    { r: [{ __typename: type, id }] },
  );
  return data._entities[0]!.rating;
}

async function reviewsOf(productId: string, viewer: Viewer = anonymous): Promise<string[]> {
  const query =
    'query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { reviews { edges { node { id } } } } } }';
  const data = await ask<{ _entities: { reviews: { edges: { node: { id: string } }[] } }[] }>(viewer, query, {
    r: [{ __typename: 'Product', id: productId }],
  });
  return data._entities[0]!.reviews.edges.map(({ node }) => node.id);
}

describe('reviews', () => {
  it('R1 change the rating by exactly that review when they are published, and take it back when they go', async () => {
    const { buyer, lineId, productId } = await aDeliveredLine();
    const { review } = await submit(buyer, { orderLineId: lineId, rating: 4, body: 'see https://elsewhere.example' });
    expect(review?.status).toBe('PENDING');
    expect(await ratingOf(productId)).toEqual({ average: 0, count: 0, histogram: [0, 0, 0, 0, 0] });
    expect(await reviewsOf(productId)).toEqual([]);
    expect((await moderate(moderator, review!.id, 'PUBLISH')).review?.status).toBe('PUBLISHED');
    expect(await reviewsOf(productId)).toEqual([review!.id]);
    expect(await ratingOf(productId)).toEqual({ average: 4, count: 1, histogram: [0, 0, 0, 1, 0] });
    const other = await aDeliveredLine({ productId });
    await submit(other.buyer, { orderLineId: other.lineId, rating: 1 });
    expect(await ratingOf(productId)).toEqual({ average: 2.5, count: 2, histogram: [1, 0, 0, 1, 0] });
    await moderate(moderator, review!.id, 'REMOVE');
    expect(await ratingOf(productId)).toEqual({ average: 1, count: 1, histogram: [1, 0, 0, 0, 0] });
  });

  it('R1 of a vendor count for the vendor and not for the product', async () => {
    const { buyer, lineId, productId, vendorId } = await aDeliveredLine();
    await submit(buyer, { orderLineId: lineId, target: 'VENDOR', rating: 2 });
    expect((await ratingOf(vendorId, 'Vendor')).count).toBe(1);
    expect((await ratingOf(productId)).count).toBe(0);
  });

  it('R2 are for delivered purchases of one’s own alone', async () => {
    const { lineId, vendorId } = await aDeliveredLine();
    expect((await submit(aUser(), { orderLineId: lineId })).userErrors[0]?.code).toBe('NOT_PURCHASED');
    expect((await submit(aUser(), { orderLineId: ids.next('lin') })).userErrors[0]?.code).toBe('NOT_PURCHASED');
    const seller = aUser({ memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });
    const own = await aDeliveredLine({ vendorId, buyer: seller });
    expect((await submit(seller, { orderLineId: own.lineId })).userErrors[0]?.code).toBe('FORBIDDEN');
    await expect(submit(anonymous, { orderLineId: lineId })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('R2 come once per line: of twenty at once one stays', async () => {
    const { buyer, lineId, productId } = await aDeliveredLine();
    const answers = await Promise.all(Array.from({ length: 20 }, () => submit(buyer, { orderLineId: lineId })));
    const accepted = answers.filter(({ review }) => review);
    expect(accepted).toHaveLength(1);
    expect(accepted[0]!.review!.isVerifiedPurchase).toBe(true);
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'CONFLICT')).toHaveLength(19);
    expect((await ratingOf(productId)).count).toBe(1);
  });

  it('answer the same request the same, and another one with its key not at all', async () => {
    const { buyer, lineId } = await aDeliveredLine();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => submit(buyer, { orderLineId: lineId }, 'review-key-1')),
    );
    expect(new Set(answers.map(({ review }) => review?.id)).size).toBe(1);
    expect((await submit(buyer, { orderLineId: lineId, rating: 1 }, 'review-key-1')).userErrors[0]?.code).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  it('R3 that wait or were turned down exist for their author and moderators only', async () => {
    const { buyer, lineId } = await aDeliveredLine();
    const { review } = await submit(buyer, { orderLineId: lineId, body: 'www.spam.example' });
    const see = (viewer: Viewer) =>
      ask<{ review: unknown }>(viewer, 'query($id: ID!) { review(id: $id) { id } }', { id: review!.id });
    expect((await see(buyer)).review).not.toBeNull();
    expect((await see(moderator)).review).not.toBeNull();
    expect((await see(aUser())).review).toBeNull();
    expect((await see(anonymous)).review).toBeNull();
  });

  it('are moderated by moderators alone', async () => {
    const { buyer, lineId } = await aDeliveredLine();
    const { review } = await submit(buyer, { orderLineId: lineId });
    await expect(moderate(buyer, review!.id, 'REMOVE')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await moderate(moderator, ids.next('rev'), 'REMOVE')).userErrors[0]?.code).toBe('NOT_FOUND');
  });

  it('can be changed by their author, with the rating that follows', async () => {
    const { buyer, lineId, productId } = await aDeliveredLine();
    const { review } = await submit(buyer, { orderLineId: lineId, rating: 2 });
    const update = (viewer: Viewer, input: unknown) =>
      ask<{ reviewUpdate: Payload }>(
        viewer,
        `mutation($id: ID!, $input: ReviewUpdateInput!) { reviewUpdate(id: $id, input: $input) { ${PAYLOAD} } }`,
        { id: review!.id, input },
      );
    expect((await update(aUser(), { rating: 1 })).reviewUpdate.userErrors[0]?.code).toBe('NOT_FOUND');
    expect((await update(buyer, { rating: 9 })).reviewUpdate.userErrors[0]?.field).toEqual(['rating']);
    expect((await update(buyer, { rating: 4 })).reviewUpdate.review?.rating).toBe(4);
    expect(await ratingOf(productId)).toMatchObject({ average: 4, count: 1 });
  });

  it('count one vote per user, which can be changed, and none of their author', async () => {
    const { buyer, lineId } = await aDeliveredLine();
    const { review } = await submit(buyer, { orderLineId: lineId });
    const vote = async (viewer: Viewer, helpful: boolean) =>
      (
        await ask<{ reviewVote: { review: { helpfulCount: number } | null } }>(
          viewer,
          'mutation($id: ID!, $h: Boolean!) { reviewVote(id: $id, helpful: $h) { review { helpfulCount } userErrors { code } } }',
          { id: review!.id, h: helpful },
        )
      ).reviewVote.review?.helpfulCount;
    const reader = aUser();
    await Promise.all(Array.from({ length: 5 }, () => vote(reader, true)));
    expect(await vote(aUser(), true)).toBe(2);
    expect(await vote(reader, false)).toBe(1);
    expect(await vote(buyer, true)).toBeUndefined();
  });

  it('reach their vendor as events, and nobody else', async () => {
    const { buyer, lineId, vendorId } = await aDeliveredLine();
    const { review } = await submit(buyer, { orderLineId: lineId });
    const envelope = await until(async () =>
      (await bus.read('reviews', { after: '0-0', count: 500 }))
        .map((d) => d.envelope)
        .find(({ key }) => key === review!.id),
    );
    expect(envelope.topics).toEqual([`vendorReviewFeed:${vendorId}`]);
    const query = 'subscription($v: ID!) { vendorReviewFeed(vendorId: $v) { kind review { id rating } } }';
    const run = (viewer: Viewer) =>
      subgraph.executeEvent({
        query,
        variables: { v: vendorId },
        viewer,
        requestId: 'r',
        event: { kind: 'LIVE', cursor: 'c', occurredAt: envelope.occurredAt, envelope },
      });
    const own = await run(aUser({ memberships: [{ of: vendorId, role: 'VENDOR_STAFF' }] }));
    expect(own.data).toMatchObject({ vendorReviewFeed: { kind: 'LIVE', review: { id: review!.id, rating: 5 } } });
    expect((await run(aUser())).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it('R7 keep ratings that equal a count of everything, after hundreds of changes at once', async () => {
    const productId = ids.next('prd');
    const lines = await Promise.all(Array.from({ length: 12 }, () => aDeliveredLine({ productId })));
    const published = await Promise.all(
      lines.map(
        async ({ buyer, lineId }, n) => (await submit(buyer, { orderLineId: lineId, rating: 1 + (n % 5) })).review!.id,
      ),
    );
    await Promise.all(
      Array.from({ length: 240 }, async (_, n) => {
        const which = (n * 7) % published.length;
        if (n % 3 === 0) await moderate(moderator, published[which]!, 'REJECT');
        else if (n % 3 === 1) await moderate(moderator, published[which]!, 'PUBLISH');
        else
          await ask(
            lines[which]!.buyer,
            `mutation($id: ID!, $i: ReviewUpdateInput!) { reviewUpdate(id: $id, input: $i) { ${PAYLOAD} } }`,
            { id: published[which], i: { rating: 1 + (n % 5) } },
          );
      }),
    );
    expect(await compareRatings({ store: reviewsStore(database) })).toEqual([]);
    expect((await ratingOf(productId)).count).toBe(
      await reviewsStore(database).reviews.countDocuments({ subjectId: productId, status: 'PUBLISHED' }),
    );
  });
});
