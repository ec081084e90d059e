import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anOffer,
  aSeller,
  askOf,
  type Harness,
  type Seller,
  startCopy,
  startHarness,
} from '../../../subgraphs/inventory/test/harness.ts';
import { Random } from '../../simulator/world/random.ts';
import { offerModel } from './offer-model.ts';
import { doubtOf, playOffer, UNITS } from './trial.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const OFFERS = 6;
const OPERATIONS = 250;
/** Of what was done: the answers nobody gets. */
const LOST = 0.02;

describe(`R40 the stock of two copies of inventory, and answers that get lost (CHAOS_SEED=${SEED})`, () => {
  let harness: Harness;
  let copy: Awaited<ReturnType<typeof startCopy>>;
  let seller: Seller;

  beforeAll(async () => {
    harness = await startHarness({ sweepIntervalMs: 200 });
    copy = await startCopy(harness.stores, { sweepIntervalMs: 200 });
    seller = await aSeller(harness);
  });
  afterAll(async () => {
    await copy?.stop();
    await harness?.stop();
  });

  it('everybody was told what one thread would have said, whatever was decided together', async () => {
    const random = new Random(SEED);
    const copies = [harness.ask, askOf(copy)] as const;
    const { vendorId: id, warehouses } = seller;
    const doubts: object[] = [];
    for (let offer = 0; offer < OFFERS; offer += 1) {
      const offerId = await anOffer(harness, seller, UNITS);
      const history = await playOffer(
        {
          async call(_, viewer, query, variables) {
            const answer = await random.pick(copies)<never>(viewer, query, variables);
            if (random.chance(LOST)) throw new Error('Done, and the answer was lost.');
            return answer;
          },
        },
        { offerId, vendor: { id, warehouses }, seed: SEED + offer, operations: OPERATIONS },
      );
      doubts.push(...doubtOf('offer', offerModel(UNITS), history));
    }
    expect(doubts).toEqual([]);
  });
});
