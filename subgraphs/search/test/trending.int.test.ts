import { aUser, until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WEIGHTS } from '../src/domain/trend.ts';
import { openShop, search, type Shop } from './shop.ts';

const HOUR_MS = 3_600_000;
const ACTS = ['IMPRESSION', 'CLICK', 'ADD_TO_CART'] as const;
const BEGIN = Date.UTC(2026, 5, 1, 10, 20);

let shop: Shop;
let nowMs: number;
beforeEach(async () => {
  nowMs = BEGIN;
  shop = await openShop({ clock: { now: () => new Date(nowMs) } });
});
afterEach(() => shop?.stop());

const track = (productId: string, kind: (typeof ACTS)[number]) =>
  shop.ask<{ searchEventTrack: { accepted: boolean } }>(
    'mutation($input: SearchEventInput!) { searchEventTrack(input: $input) { accepted } }',
    { input: { kind, productId } },
    aUser({ userId: `usr_${(people += 1)}` }),
  );
let people = 0;

const trending = async (window: string): Promise<{ productId: string; score: number }[]> => {
  const query = 'query($window: TrendWindow) { trending(window: $window) { score product { id } } }';
  const { trending: trends } = await shop.ask<{ trending: { score: number; product: { id: string } }[] }>(query, {
    window,
  });
  return trends.map(({ score, product }) => ({ productId: product.id, score: Number(score.toFixed(6)) }));
};

describe('what is trending', () => {
  it('S7 over a day is what a count over all acts of its 24 hours says, and over an hour reacts to a burst', async () => {
    const products: string[] = [];
    for (let count = 0; count < 3; count += 1) products.push((await shop.sources.addProduct()).id);
    await until(async () => (await search(shop)).totalCount === 3);
    const acts: { productId: string; act: (typeof ACTS)[number]; atMs: number }[] = [];
    for (let number = 0; number < 90; number += 1) {
      // Over 30 hours, so that the first ones have fallen out at the end.
      nowMs = BEGIN + Math.floor((number * 30 * HOUR_MS) / 90);
      const productId = products[(number * 7) % 3 === 0 ? 0 : number % 3]!;
      const act = ACTS[(number * 5) % 3]!;
      expect((await track(productId, act)).searchEventTrack.accepted).toBe(true);
      acts.push({ productId, act, atMs: nowMs });
    }
    const hour = Math.floor(nowMs / HOUR_MS);
    const counted = new Map<string, number>();
    for (const { productId, act, atMs } of acts) {
      if (hour - Math.floor(atMs / HOUR_MS) >= 24) continue;
      counted.set(productId, (counted.get(productId) ?? 0) + WEIGHTS[act]);
    }
    const expected = [...counted].map(([productId, score]) => ({ productId, score: Number(score.toFixed(6)) }));
    expect(await trending('DAY')).toEqual(expected.toSorted((a, b) => b.score - a.score));
    const burst = expected.toSorted((a, b) => a.score - b.score)[0]!.productId;
    for (let count = 0; count < 20; count += 1) await track(burst, 'CLICK');
    await until(async () => (await trending('HOUR'))[0]?.productId === burst);
    nowMs += 2 * HOUR_MS;
    await until(async () => (await trending('HOUR')).every(({ score }) => score === 0));
  });
});
