import { describe, expect, it } from 'vitest';
import type { Person } from '../../support/person.ts';
import { codesOf } from '../../support/raw-graph.ts';
import type { AttackedShop } from './attacked-shop.ts';

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** No list of ours gives such cursors out. */
const NONE = [
  'nonsense',
  '%%%',
  'x'.repeat(2_000),
  b64({ $gt: '' }),
  b64([]),
  b64([{ $gt: '' }]),
  b64([null]),
  b64(['a', 'b', 'c', 'd', 'e']),
];
/** Of the right form for some list, with values that it may not be sorted by. */
const MADE_UP = [
  ["' or 1=1 --"],
  [1e308],
  [-1],
  ['\u0000'],
  ['x', 'y'],
  [1, 2],
  [1e308, 'x'],
  ['x', 'y', 'z'],
  [1, 2, 3],
];

type List = [what: string, ask: (shop: AttackedShop) => [Person, string, Record<string, unknown>]];

const LISTS: readonly List[] = [
  [
    'products',
    ({ buyer }) => [buyer, 'query($after: String) { list: products(after: $after) { edges { cursor } } }', {}],
  ],
  ['offers of a vendor', ({ buyer, alpha }) => [buyer, ofVendor('offers'), { id: alpha.id }]],
  ['orders of a vendor', ({ alpha }) => [alpha.person, ofVendor('orders'), { id: alpha.id }]],
  ['reviews of a vendor', ({ buyer, alpha }) => [buyer, ofVendor('reviews'), { id: alpha.id }]],
  ['offers of a product', ({ buyer, lamp }) => [buyer, ofProduct('offers'), { id: lamp.productId }]],
  ['reviews of a product', ({ buyer, lamp }) => [buyer, ofProduct('reviews'), { id: lamp.productId }]],
  ['one’s orders', ({ buyer }) => [buyer, ofMine('orders'), {}]],
  ['one’s notifications', ({ buyer }) => [buyer, ofMine('notifications'), {}]],
  [
    'the history of an order',
    ({ buyer, bought }) => [
      buyer,
      'query($after: String, $id: ID!) { order(id: $id) { list: events(after: $after) { edges { cursor } } } }',
      { id: bought.orderId },
    ],
  ],
  [
    'the moderation queue',
    ({ operator }) => [
      operator,
      'query($after: String) { list: moderationQueue(after: $after) { edges { cursor } } }',
      {},
    ],
  ],
  [
    'search hits',
    ({ buyer }) => [
      buyer,
      'query($after: String) { list: searchProducts(query: "lamp", after: $after) { edges { cursor } } }',
      {},
    ],
  ],
];

export function itBeginsOnlyWhereItEnded(shop: () => AttackedShop): void {
  describe('from there on', () => {
    it.each(LISTS)('a cursor that is none is BAD_USER_INPUT: %s', async (_, list) => {
      const [person, query, variables] = list(shop());
      for (const after of NONE) {
        const { codes } = await shop().as(person, query, { ...variables, after });
        expect(codes, after.slice(0, 50)).toEqual(['BAD_USER_INPUT']);
      }
    });

    it.each(LISTS)(
      'a cursor made up by hand is refused or begins somewhere, and breaks nothing: %s',
      async (_, list) => {
        const [person, query, variables] = list(shop());
        for (const key of MADE_UP) {
          const { codes } = await shop().as(person, query, { ...variables, after: b64(key) });
          expect([[], ['BAD_USER_INPUT']], JSON.stringify(key)).toContainEqual(codes);
        }
      },
    );

    it.each([0, -1, 101, 2_147_483_647])('a page of %i is refused', async (first) => {
      const { as, buyer } = shop();
      const { codes } = await as(buyer, 'query($first: Int!) { products(first: $first) { edges { cursor } } }', {
        first,
      });
      expect(['BAD_USER_INPUT', 'OPERATION_TOO_COMPLEX']).toContain(codes.join());
    });

    it('a stream does not begin at a cursor that is malformed, made up, or of another stream', async () => {
      const { bought, buyer, lamp } = shop();
      const stock = buyer.watchText<{ stockChanged: { cursor: string } }>(
        'subscription($ids: [ID!]!) { stockChanged(offerIds: $ids) { cursor } }',
        { ids: [lamp.offerId] },
      );
      const foreign = (await stock.find(() => true, 'the snapshot')).stockChanged.cursor;
      await stock.cut();
      const madeUp = `${Buffer.from('1-0').toString('base64url')}.${'A'.repeat(22)}`;
      for (const after of ['nonsense', '1-0', madeUp, 'x'.repeat(5_000), foreign]) {
        const feed = buyer.watchText(
          'subscription($id: ID!, $after: String) { orderStatusChanged(orderId: $id, after: $after) { cursor } }',
          { id: bought.orderId, after },
        );
        await expect(
          feed.find(() => true, 'nothing'),
          after.slice(0, 50),
        ).rejects.toThrow('The stream failed');
        expect([codesOf(feed.failure), feed.events], after.slice(0, 50)).toEqual([['BAD_USER_INPUT'], []]);
        await feed.cut();
      }
    });
  });

  it('a subscription over plain POST is BAD_REQUEST and says where to go', async () => {
    const { as, buyer, lamp } = shop();
    const answer = await as(buyer, `subscription { stockChanged(offerIds: ["${lamp.offerId}"]) { cursor } }`);
    expect([answer.status, answer.codes]).toEqual([400, ['BAD_REQUEST']]);
    expect(answer.errors[0]!.message).toMatch(/WebSocket/);
  });
}

function ofVendor(field: string): string {
  return `query($after: String, $id: ID!) { vendor(id: $id) { list: ${field}(after: $after) { edges { cursor } } } }`;
}

function ofProduct(field: string): string {
  return `query($after: String, $id: ID!) { product(id: $id) { list: ${field}(after: $after) { edges { cursor } } } }`;
}

function ofMine(field: string): string {
  return `query($after: String) { me { list: ${field}(after: $after) { edges { cursor } } } }`;
}
