import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { aRun, registerVendor, signIn } from '../story/cast.ts';
import { fillCart } from '../story/purchase.ts';
import { accepted, silentReport } from '../story/report.ts';
import { inLanes } from '../support/lanes.ts';
import { manyBuyers } from '../support/many-buyers.ts';
import { withMarketplace } from '../support/marketplace.ts';
import { Person } from '../support/person.ts';
import { listProduct } from '../support/shop.ts';
import { settled } from './linearizability/trial.ts';
import { startStubbornly } from './stubborn-buyer.ts';

const CLAIMANTS = 200;
const SLOTS = 10;
const FILLED_AT_ONCE = 16;
const BASE = { amount: 2_500, currencyCode: 'EUR' };
const DEAL = { amount: 1_900, currencyCode: 'EUR' };

describe.each(['monolith', 'processes'] as const)('C15 everybody claims a slot of one deal at once, %s', (shape) => {
  it('200 ask through the gateway: 10 have it, 190 are told of the other price, and it is sold out', async () => {
    await withMarketplace({ shape }, async (market) => {
      const run = aRun();
      const operator = await signIn(market.graph, 'Olga', market.graph.operator);
      const vendor = await registerVendor(market.graph, { name: 'Rush', run, operator, report: silentReport });
      const facts = { title: `Rush ${run}`, sku: `RUSH-${run}`, units: CLAIMANTS, price: BASE };
      const { offerId } = await listProduct(vendor, operator, facts);
      const from = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
      const { lightningDealSchedule } = await vendor.person.ask(operations.LightningDealScheduleDocument, {
        input: { offerId, dealPrice: DEAL, startsAt: from(-1), endsAt: from(1), slots: SLOTS },
      });
      accepted('lightningDealSchedule', lightningDealSchedule.deal, lightningDealSchedule.userErrors);

      const tokens = await manyBuyers(market, CLAIMANTS);
      const claimants = tokens.map((accessToken, at) =>
        Object.assign(new Person(`Buyer ${at}`, market.url), { accessToken }),
      );
      const baskets = await inLanes(claimants, FILLED_AT_ONCE, (buyer) => fillCart(buyer, [{ offerId, quantity: 1 }]));
      const answers = await Promise.all(claimants.map((buyer, at) => startStubbornly(buyer, baskets[at]!)));

      const refusals = answers.flatMap((answer) => ('refused' in answer ? [answer.refused] : []));
      expect(answers.length - refusals.length).toBe(SLOTS);
      expect(refusals).toEqual(refusals.map(() => ['PRICE_CHANGED']));
      await until(async () => {
        const { offer } = await operator.ask(operations.OfferPriceDocument, { id: offerId });
        return offer?.activeDeal?.status === 'SOLD_OUT' && offer.activeDeal.slotsRemaining === 0;
      });
      await settled(market);
    });
  });
});
