import { describe, expect, it } from 'vitest';
import { type AttackedShop, NOBODY } from './attacked-shop.ts';

const PUT = `mutation($input: PriceListInput!) { priceListUpsert(input: $input) { userErrors { code } } }`;
const PRICE = `query($id: ID!, $quantity: Int, $organizationId: ID, $currency: CurrencyCode) { offer(id: $id) {
  priceFor(quantity: $quantity, organizationId: $organizationId, currency: $currency) { unitPrice { amount } } } }`;
const BUY_FOR = `mutation($id: ID!, $organizationId: ID) { cartOrganizationSet(cartId: $id, organizationId: $organizationId) {
  userErrors { code } } }`;

const tier = (minQuantity: unknown, maxQuantity: unknown, more: object = {}) => ({
  ...{ minQuantity, maxQuantity, unitPrice: { amount: 1, currencyCode: 'EUR' } },
  ...more,
});

export function itKeepsItsPrices(shop: () => AttackedShop): void {
  describe('at that price', () => {
    const put = ({ attempt, alpha, lamp }: AttackedShop, entries: object[], more: object = {}) => {
      const input = {
        ...{ name: 'List', vendorId: alpha.id },
        entries: entries.map((entry) => ({ offerId: lamp.offerId, ...entry })),
        ...more,
      };
      return attempt(alpha.person, PUT, { input });
    };

    it.each([
      ['from no piece on', [tier(0, null)], 'INVALID'],
      ['from less than no piece on', [tier(-1, null)], 'INVALID'],
      ['up to a thousand million', [tier(1, 1_000_000_000)], 'INVALID'],
      ['from more than a number on', [tier(2 ** 31, null)], 'BAD_USER_INPUT'],
      ['from half a piece on', [tier(1.5, null)], 'BAD_USER_INPUT'],
      ['upside down', [tier(10, 9)], 'INVALID'],
      ['twice at one quantity', [tier(1, 10), tier(10, 20)], 'INVALID'],
      ['for nothing', [tier(1, null, { unitPrice: { amount: 0, currencyCode: 'EUR' } })], 'INVALID'],
      ['in another currency', [tier(1, null, { unitPrice: { amount: 1, currencyCode: 'USD' } })], 'INVALID'],
      ['of an offer nobody has', [tier(1, null, { offerId: `off_${NOBODY}` })], 'NOT_FOUND'],
      ['of an offer that is an operator', [tier(1, null, { offerId: '{"$gt":""}' })], 'NOT_FOUND'],
      ['of more entries than a list has', Array.from({ length: 1_001 }, () => tier(1, 1)), 'LIMIT_EXCEEDED'],
      ['of ten thousand entries', Array.from({ length: 10_000 }, () => tier(1, 1)), 'REQUEST_TOO_LARGE'],
    ])('a list %s is refused', async (_, entries, code) => {
      expect(await put(shop(), entries)).toEqual({ codes: [code], changed: false });
    });

    it('a list for an organization nobody knows, or that is no id, is NOT_FOUND', async () => {
      for (const buyerOrganizationId of [`org_${NOBODY}`, 'EVERYBODY', '']) {
        const answer = await put(shop(), [tier(1, null)], { buyerOrganizationId });
        expect(answer, buyerOrganizationId).toEqual({ codes: ['NOT_FOUND'], changed: false });
      }
    });

    it('a list of another vendor’s offer is refused, and so is one in another vendor’s name', async () => {
      const { attempt, alpha, beta, lamp } = shop();
      const entries = [{ offerId: lamp.offerId, ...tier(1, null) }];
      const own = { name: 'List', vendorId: beta.id, entries };
      expect(await attempt(beta.person, PUT, { input: own })).toEqual({ codes: ['NOT_FOUND'], changed: false });
      const foreign = { ...own, vendorId: alpha.id };
      expect(await attempt(beta.person, PUT, { input: foreign })).toEqual({ codes: ['FORBIDDEN'], changed: false });
    });

    it.each([
      ['no piece', { quantity: 0 }],
      ['less than none', { quantity: -7 }],
      ['a thousand million', { quantity: 1_000_000_000 }],
      ['more than a number', { quantity: 2 ** 31 }],
      ['no currency', { currency: 'XQQ' }],
      ['nonsense for a currency', { currency: 'euro' }],
    ])('the price of %s is BAD_USER_INPUT', async (_, asked) => {
      const { as, buyer, lamp } = shop();
      expect((await as(buyer, PRICE, { id: lamp.offerId, ...asked })).codes).toEqual(['BAD_USER_INPUT']);
    });

    it('the price for an organization one does not belong to is FORBIDDEN, known or not, and no cart is bought for it', async () => {
      const { as, attempt, buyer, lamp } = shop();
      for (const organizationId of [`org_${NOBODY}`, 'nonsense', '{"$ne":null}']) {
        expect((await as(buyer, PRICE, { id: lamp.offerId, organizationId })).codes).toEqual(['FORBIDDEN']);
        const set = await attempt(buyer, BUY_FOR, { id: `crt_${NOBODY}`, organizationId });
        expect(set).toEqual({ codes: ['FORBIDDEN'], changed: false });
      }
    });
  });
}
