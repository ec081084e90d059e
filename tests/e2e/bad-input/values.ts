import { describe, expect, it } from 'vitest';
import { newKey } from '../../story/cast.ts';
import { fillCart } from '../../story/purchase.ts';
import { type AttackedShop, NOBODY } from './attacked-shop.ts';

const ADD = `mutation($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { userErrors { code } } }`;
const OFFER = `mutation($input: OfferInput!) { offerUpsert(input: $input) { userErrors { code } } }`;
const COUNT = `mutation($input: InventorySetInput!, $key: IdempotencyKey!) {
  inventorySet(input: $input, idempotencyKey: $key) { userErrors { code } }
}`;
const START = `mutation($id: ID!, $total: MoneyInput, $key: IdempotencyKey!) {
  checkoutStart(cartId: $id, expectedTotal: $total, idempotencyKey: $key) { order { id } userErrors { code } }
}`;

const refusedAs = (...codes: string[]) => ({ codes, changed: false });

export function itChecksWhatItIsGiven(shop: () => AttackedShop): void {
  describe('what is that', () => {
    it.each([
      ['product', 'prd'],
      ['offer', 'off'],
      ['vendor', 'ven'],
      ['order', 'ord'],
      ['vendorOrder', 'vor'],
      ['payment', 'pay'],
      ['cart', 'crt'],
      ['review', 'rev'],
      ['warehouse', 'whs'],
      ['priceList', 'prl'],
      ['node', 'ord'],
    ])('%s by an unknown id is null, by nonsense too', async (field, prefix) => {
      const { as, operator } = shop();
      for (const id of [`${prefix}_${NOBODY}`, 'nonsense', `${prefix}_`, "' or 1=1 --", '{"$gt":""}']) {
        const answer = await as(operator, `query($id: ID!) { ${field}(id: $id) { id } }`, { id });
        expect([answer.status, answer.codes, answer.data], id).toEqual([200, [], { [field]: null }]);
      }
    });

    it('text that no store can keep is BAD_USER_INPUT, wherever it stands', async () => {
      const { as, buyer } = shop();
      const variable = await as(buyer, 'query($id: ID!) { order(id: $id) { id } }', { id: 'a\u0000b' });
      const literal = await as(buyer, '{ order(id: "a\\u0000b") { id } }');
      const nested = await as(buyer, ADD, { input: { lines: [{ offerId: '\u0000', quantity: 1 }] } });
      const half = await as(buyer, 'query($id: ID!) { order(id: $id) { id } }', { id: '\uD800' });
      for (const { codes } of [variable, literal, nested, half]) expect(codes).toEqual(['BAD_USER_INPUT']);
    });

    it.each([`off_${NOBODY}`, 'nonsense'])('an offer nobody sells (%s) is NOT_FOUND', async (offerId) => {
      const { attempt, buyer } = shop();
      const input = { lines: [{ offerId, quantity: 1 }] };
      expect(await attempt(buyer, ADD, { input })).toEqual(refusedAs('NOT_FOUND'));
    });
  });

  describe('that many', () => {
    it.each([0, -1, 1_000_000_000])('%i pieces in a cart are refused', async (quantity) => {
      const { attempt, buyer, lamp } = shop();
      const input = { lines: [{ offerId: lamp.offerId, quantity }] };
      expect(await attempt(buyer, ADD, { input })).toEqual(refusedAs('INVALID'));
    });

    it.each([1.5, '1', 2 ** 31, null])('%j is not a quantity', async (quantity) => {
      const { attempt, buyer, lamp } = shop();
      const input = { lines: [{ offerId: lamp.offerId, quantity }] };
      expect(await attempt(buyer, ADD, { input })).toEqual(refusedAs('BAD_USER_INPUT'));
    });

    it('a cart takes all of its new lines or none', async () => {
      const { attempt, buyer, lamp } = shop();
      const { offerId } = lamp;
      const lines = [1, 0].map((quantity) => ({ offerId, quantity }));
      expect(await attempt(buyer, ADD, { input: { lines } })).toEqual(refusedAs('INVALID'));
    });

    it.each([-1, 2_147_483_647])('a count of %i pieces in a warehouse is refused', async (onHand) => {
      const { attempt, alpha, lamp } = shop();
      const { version } = await levelOfLamp(shop());
      const input = { offerId: lamp.offerId, warehouseId: alpha.warehouses[0], onHand, expectedVersion: version };
      expect(await attempt(alpha.person, COUNT, { input, key: newKey() })).toEqual(refusedAs('INVALID'));
    });

    it.each([-1, 9_007_199_254_740_991])('a price of %i is refused', async (amount) => {
      const { attempt, alpha, lamp } = shop();
      const price = { amount, currencyCode: 'EUR' };
      const input = { vendorId: alpha.id, variantId: lamp.variantId, sku: 'LAMP', price };
      expect(await attempt(alpha.person, OFFER, { input })).toEqual(refusedAs('INVALID'));
    });
  });

  describe('not any more, not in that currency', () => {
    it('a cart that became an order takes nothing more and is not checked out again', async () => {
      const { attempt, buyer, bought, lamp } = shop();
      const { cartId } = bought;
      const input = { cartId, lines: [{ offerId: lamp.offerId, quantity: 1 }] };
      expect(await attempt(buyer, ADD, { input })).toEqual(refusedAs('CONFLICT'));
      const again = await attempt(buyer, START, { id: cartId, key: newKey() });
      expect(again).toEqual(refusedAs('CONFLICT'));
    });

    it('an expected total in another currency, or of another amount, starts no checkout and holds no stock', async () => {
      const { attempt, buyer, lamp } = shop();
      const { cartId: id, total } = await fillCart(buyer, [{ offerId: lamp.offerId, quantity: 1 }]);
      const start = (shown: object) => attempt(buyer, START, { id, total: shown, key: newKey() });
      expect(await start({ ...total, currencyCode: 'USD' })).toEqual(refusedAs('INVALID'));
      expect(await start({ ...total, amount: total.amount - 1 })).toEqual(refusedAs('CART_CHANGED'));
    });

    it('one cart does not hold two currencies', async () => {
      const { attempt, buyer, kettle, lamp } = shop();
      await fillCart(buyer, [{ offerId: lamp.offerId, quantity: 1 }]);
      const input = { lines: [{ offerId: kettle.offerId, quantity: 1 }] };
      expect(await attempt(buyer, ADD, { input })).toEqual(refusedAs('INVALID'));
    });

    it.each(['EURO', 'eur', 'XQQ', ''])('"%s" is no currency', async (currencyCode) => {
      const { attempt, alpha, lamp } = shop();
      const price = { amount: 1_000, currencyCode };
      const input = { vendorId: alpha.id, variantId: lamp.variantId, sku: 'LAMP', price };
      const { codes, changed } = await attempt(alpha.person, OFFER, { input });
      expect(changed).toBe(false);
      expect(['INVALID', 'BAD_USER_INPUT']).toContain(codes.join());
    });
  });
}

async function levelOfLamp({ as, alpha, lamp }: AttackedShop): Promise<{ version: number }> {
  const answer = await as<{ offer: { stockLevels: { version: number }[] } }>(
    alpha.person,
    'query($id: ID!) { offer(id: $id) { stockLevels { version } } }',
    { id: lamp.offerId },
  );
  return answer.data!.offer.stockLevels[0]!;
}
