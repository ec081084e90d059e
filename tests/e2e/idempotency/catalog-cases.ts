import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { newKey } from '../../story/cast.ts';
import { accepted } from '../../story/report.ts';
import type { IdempotencyCases } from './idempotency-case.ts';
import { deliver } from './shop-of-keys.ts';

export const catalogCases: IdempotencyCases = {
  productCreate: {
    select: 'product { id title variants { id } }',
    async prepare(shop, party) {
      const slug = `keyed-${newKey()}`;
      const { categoryUpsert } = await party.operator.ask(operations.CategoryUpsertDocument, {
        input: { slug, name: slug },
      });
      const { id: categoryId } = accepted('categoryUpsert', categoryUpsert.category, categoryUpsert.userErrors);
      const input = { vendorId: party.vendor.id, title: slug, categoryId, brand: 'Test', variants: [{ title: 'One' }] };
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, brand: 'Other' } },
        effects: () => shop.countDocuments('catalog', 'products', { sortTitle: slug }),
      };
    },
  },

  promotionUpsert: {
    select: 'promotion { id code version }',
    async prepare(shop, party) {
      const code = `KEYED${newKey().slice(0, 8).toUpperCase()}`;
      const input = { code, name: 'Ten off', kind: 'PERCENTAGE', basisPoints: 1_000 };
      return {
        by: party.operator,
        args: { input },
        otherArgs: { input: { ...input, name: 'Twenty off', basisPoints: 2_000 } },
        effects: () => shop.countDocuments('catalog', 'promotions', { code }),
      };
    },
  },

  priceListUpsert: {
    select: 'priceList { id name version }',
    async prepare(shop, party) {
      const name = `Keyed ${newKey()}`;
      const { offerId } = await shop.list(party);
      const tier = { offerId, minQuantity: 10, unitPrice: { amount: 100, currencyCode: 'EUR' } };
      const input = { vendorId: party.vendor.id, name, entries: [tier] };
      return {
        by: party.vendor.person,
        args: { input },
        otherArgs: { input: { ...input, entries: [{ ...tier, minQuantity: 20 }] } },
        effects: () => shop.countDocuments('catalog', 'priceLists', { name }),
      };
    },
  },

  reviewSubmit: {
    select: 'review { id rating }',
    async prepare(shop, party) {
      const sold = await shop.sell(party);
      const { buyer } = sold;
      await deliver(party, sold);
      const { lineId } = sold;
      const review = { orderLineId: lineId, rating: 5, title: 'Good', body: 'As described.' };
      // Reviews hears of the delivery after a while; the vendor's review tells when it has.
      await until(async () => {
        const { reviewSubmit } = await buyer.ask(operations.ReviewSubmitDocument, {
          input: { ...review, target: 'VENDOR' },
          idempotencyKey: newKey(),
        });
        return reviewSubmit.review !== null;
      });
      const input = { ...review, target: 'PRODUCT' };
      return {
        by: buyer,
        args: { input },
        otherArgs: { input: { ...input, rating: 4 } },
        effects: () => shop.countDocuments('reviews', 'reviews', { lineId, target: 'PRODUCT' }),
      };
    },
  },
};
