import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPart, ids, type Marketplace, startMarketplace } from './marketplace.ts';
import { aSoldOrder, type Neighbours, neighboursOf } from './payouts.ts';
import { booksOf, refundPart } from './refunds.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 500);
/** Each with a vendor of its own: what one vendor owes for a moment would be set off against its next sale. */
const LANES = 8;
const AROUND_MS = 1_000;
/** The job that releases comes by once a second. */
const AFTER_MS = 1_500;
const PATIENCE_MS = 60_000;
const GROSS = 10_000;

interface Round {
  kind: 'refund' | 'part' | 'return';
  /** When the window ends, and when the money goes back after that, in milliseconds. */
  endsInMs: number;
  goesBackAfterMs: number;
  /** Of a refund in part. */
  amount: number;
}

const rounds: readonly Round[] = fc.sample(
  fc.record({
    kind: fc.constantFrom('refund', 'part', 'return'),
    endsInMs: fc.integer({ min: -AROUND_MS, max: AROUND_MS }),
    goesBackAfterMs: fc.integer({ min: -AROUND_MS, max: AFTER_MS }),
    amount: fc.integer({ min: 1, max: GROSS - 1 }),
  }),
  { numRuns: ROUNDS, seed: SEED },
);

describe(`R37 money goes back as the return window ends (CHAOS_SEED=${SEED}, CHAOS_ROUNDS=${ROUNDS})`, () => {
  let shop: Marketplace;
  let neighbours: Neighbours;
  beforeAll(async () => {
    shop = await startMarketplace();
    neighbours = await neighboursOf(shop);
  });
  afterAll(async () => {
    await neighbours?.stop();
    await shop?.stop();
  });

  /** One sale, whose vendor is about to be paid when its buyer is paid back; resolves to who was first. */
  const race = async (vendorId: string, { kind, ...round }: Round): Promise<string> => {
    const part = aPart(GROSS, { vendorId });
    const { orderId, paymentId } = await aSoldOrder(shop, [part]);
    const returnId = ids.next('ret');
    const returned = (status: string, sequence: number) => neighbours.returned(part, { returnId, status, sequence });
    const endsAt = Date.now() + round.endsInMs;
    await neighbours.deliver(part, new Date(endsAt));
    await pause(Math.max(endsAt + round.goesBackAfterMs - Date.now(), 0));

    if (kind === 'return') await returned('REQUESTED', 5);
    const amount = kind === 'part' ? round.amount : GROSS;
    expect((await refundPart(shop, { orderId, part, amount })).userErrors).toEqual([]);
    if (kind === 'return') await returned('REFUNDED', 6);

    const { settlements, ...books } = await until(
      async () => {
        const now = await booksOf(shop, paymentId);
        const { status, transferred, reversed, net } = now.settlements[0]!;
        const isOver = now.refunded === amount && status === (kind === 'part' ? 'RELEASED' : 'REVERSED');
        return isOver && transferred - reversed === net && now;
      },
      { timeoutMs: PATIENCE_MS, what: `the end of ${kind} of ${amount}` },
    );
    const { net, transferred, reversed, offset } = settlements[0]!;
    expect(offset).toBe(0);
    expect(books).toMatchObject({
      ...{ atProvider: amount, transferredAtProvider: transferred, reversedAtProvider: reversed },
      ...{ held: 0, isBalanced: true, isWhole: true },
    });
    return `${kind}, ${transferred > net ? 'paid before' : 'not paid before'}`;
  };

  it(
    'refund or payout comes first, the buyer has what was refunded, the vendor the rest, and the books agree',
    { timeout: 60 * 60_000 },
    async () => {
      const ends: string[] = [];
      let next = 0;
      await Promise.all(
        Array.from({ length: LANES }, async () => {
          const vendorId = ids.next('ven');
          await neighbours.onboard(vendorId);
          for (let round = rounds[next++]; round; round = rounds[next++]) ends.push(await race(vendorId, round));
        }),
      );
      const counts = Object.entries(Object.groupBy(ends, (end) => end)).map(
        ([end, those]) => `${those!.length} ${end}`,
      );
      process.stdout.write(`${counts.toSorted().join('; ')}\n`);
      // Both were first, of each kind: there was a race.
      expect(new Set(ends).size).toBe(6);
    },
  );
});
