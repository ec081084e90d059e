import { openMongo, type MongoDatabase } from '@marketgraph/platform/mongo';
import { aUser, testClock, testIds } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandDeps } from '../src/commands/command-deps.ts';
import { deleteReview, moderateReview, updateReview } from '../src/commands/edit-review.ts';
import { compareRatings, rebuildRatings } from '../src/commands/rebuild-ratings.ts';
import { submitReview } from '../src/commands/submit-review.ts';
import { prepareReviews, reviewsStore } from '../src/store/reviews-store.ts';

const OPERATIONS = 10_000;
const PRODUCTS = 8;

let stores: Stores;
let database: MongoDatabase;
let deps: CommandDeps;

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb'] });
  database = await openMongo({ url: stores.mongodb.reviews, applicationName: 'test' });
  deps = { store: reviewsStore(database), clock: testClock(), ids: testIds() };
  await prepareReviews(deps.store);
});
afterAll(async () => {
  await database?.client.close();
  await stores?.stop();
});

const step = fc.record({
  kind: fc.constantFrom('submit', 'submit', 'update', 'PUBLISH', 'REJECT', 'REMOVE', 'delete'),
  which: fc.nat(1_000_000),
  rating: fc.integer({ min: 1, max: 5 }),
});

describe('ratings', () => {
  it('R7 G10 equal a count of all reviews after 10,000 random operations, and are put right when they do not', async () => {
    const author = aUser();
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const steps = fc.sample(step, { numRuns: OPERATIONS, seed });
    const lines = steps.map((_, n) => ({
      _id: `lin_${n}`,
      buyerId: author.userId,
      vendorId: `ven_${n % 3}`,
      productId: `prd_${n % PRODUCTS}`,
      deliveredAt: new Date(0),
    }));
    await deps.store.purchases.insertMany(lines);
    const reviewIds: string[] = [];
    for (const [n, { kind, which, rating }] of steps.entries()) {
      const id = reviewIds[which % Math.max(reviewIds.length, 1)] ?? 'rev_none';
      if (kind === 'submit') {
        const target = which % 4 === 0 ? 'VENDOR' : 'PRODUCT';
        const text = { rating, title: null, body: which % 5 === 0 ? 'see www.example.org' : null };
        const submitted = await submitReview(deps, {
          author,
          orderLineId: `lin_${n}`,
          target,
          idempotencyKey: null,
          ...text,
        });
        if (submitted.ok) reviewIds.push(submitted.value._id);
      } else if (kind === 'update') await updateReview(deps, { id, author, rating });
      else if (kind === 'delete') await deleteReview(deps, { id, author });
      else await moderateReview(deps, { id, decision: kind });
    }
    expect(reviewIds.length, `seed ${seed}`).toBeGreaterThan(OPERATIONS / 5);
    expect(await compareRatings(deps), `seed ${seed}`).toEqual([]);

    await deps.store.ratings.updateOne({ _id: 'prd_0' }, { $inc: { h5: 3 } });
    expect(await compareRatings(deps)).toHaveLength(1);
    expect(await rebuildRatings(deps)).toBe(1);
    expect(await compareRatings(deps)).toEqual([]);
    // What others keep of it follows.
    const outbox = database.db.collection<{ texts: string[] }>('outbox').find().sort({ position: 1 });
    const events = (await outbox.toArray()).flatMap(({ texts }) =>
      texts.map((text) => JSON.parse(text) as { name: string; key: string; sequence: number }),
    );
    const told = events.findLast(({ key }) => key === 'prd_0');
    const rating = await deps.store.ratings.findOne({ _id: 'prd_0' });
    expect(told).toMatchObject({ name: 'reviews.ratingChanged', sequence: rating!.version });
  }, 180_000);
});
