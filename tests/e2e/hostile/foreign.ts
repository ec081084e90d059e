import { describe, expect, it } from 'vitest';
import type { AccessCast } from '../access/cast-of-access.ts';

const NOBODYS = '01J0000000000000000000NONE';

/** Ways to what is Ann's and nobody else's (her name as an author of reviews is public), and the id it goes by. Asked with her id and with one that nothing has. */
type Path = readonly [title: string, query: string, idOf: (cast: AccessCast) => string];

const order = ({ bought }: AccessCast) => bought.orderId;
const part = ({ order: { vendorOrders } }: AccessCast) => vendorOrders[0]!.id;
const line = ({ order: { vendorOrders } }: AccessCast) => vendorOrders[0]!.lines[0]!.id;
const payment = ({ bought }: AccessCast) => bought.paymentId;
const cart = ({ cartId }: AccessCast) => cartId;
const address = ({ addressId }: AccessCast) => addressId;
const user = ({ annId }: AccessCast) => annId;

const reads: readonly Path[] = [
  ['order', '{ order(id: $id) { id number status buyer { id email } lines { id } payment { id } } }', order],
  ['order by node', '{ node(id: $id) { __typename id ... on Order { number buyer { email } } } }', order],
  ['vendor order', '{ vendorOrder(id: $id) { id status order { id buyer { id } } } }', part],
  ['vendor order by node', '{ node(id: $id) { id ... on VendorOrder { order { number } } } }', part],
  ['order by its line', '{ node(id: $id) { id ... on OrderLine { quantity } } }', line],
  ['payment', '{ payment(id: $id) { id status order { id number } } }', payment],
  ['order by its payment', '{ node(id: $id) { id ... on Payment { order { number buyer { id } } } } }', payment],
  ['cart', '{ cart(id: $id) { id lines { id quantity offer { id } } } }', cart],
  ['cart by node', '{ nodes(ids: [$id, $id]) { id ... on Cart { total { amount } } } }', cart],
  ['address', '{ node(id: $id) { id ... on SavedAddress { address { line1 city } } } }', address],
  ['account', '{ user(id: $id) { id email orders { edges { node { id } } } addresses { id } } }', user],
];

const changes: readonly Path[] = [
  [
    'cart, by its lines',
    `{ cartLinesAdd(input: { cartId: $id, lines: [] }) { cart { id } userErrors { __typename code message field } } }`,
    cart,
  ],
  [
    'cart, to check it out',
    `{ checkoutStart(cartId: $id, idempotencyKey: "foreign-cart") { order { id } userErrors { __typename code message field } } }`,
    cart,
  ],
  ['address, to delete it', `{ addressDelete(id: $id) { userErrors { __typename code message field } } }`, address],
];

const streams: readonly Path[] = [
  ['order', '{ orderStatusChanged(orderId: $id) { cursor order { id number } } }', order],
  ['cart', '{ cartChanged(cartId: $id) { cursor } }', cart],
  ['payment', '{ paymentStatusChanged(paymentId: $id) { cursor } }', payment],
];

/** An id of the same kind that nothing has. */
const missing = (id: string) => `${id.slice(0, id.indexOf('_'))}_${NOBODYS}`;
/** Everything that was said, but for what is named anew in each answer, and for the id that was asked. */
const words = (said: unknown, id: string) =>
  JSON.stringify(said)
    .replaceAll(/"requestId":"[^"]*"/g, '')
    .replaceAll(id, 'THE ID');

export function itTellsForeignFromMissingNowhere(cast: () => AccessCast): void {
  describe('31 what is another’s is told from what does not exist nowhere', () => {
    const askedBy = (title: string, kind: 'query' | 'mutation', paths: readonly Path[]) =>
      it.each(paths)(`31 ${title} %s`, async (_, query, idOf) => {
        const { as, bob, gamma } = cast();
        const id = idOf(cast());
        for (const person of [bob, gamma.person, null]) {
          const [foreign, none] = await Promise.all(
            [id, missing(id)].map(async (asked) => {
              const { status, data, errors } = await as(person, `${kind}($id: ID!) ${query}`, { id: asked });
              return words({ status, data, errors }, asked);
            }),
          );
          expect(foreign).toBe(none);
          expect(foreign).not.toMatch(/Secret Lane|ann-|INTERNAL_SERVER_ERROR/);
        }
      });

    askedBy('to read:', 'query', reads);
    askedBy('to change:', 'mutation', changes);

    it.each(streams)('31 75 to watch: %s', async (_, selection, idOf) => {
      const { bob } = cast();
      const id = idOf(cast());
      const said: string[] = [];
      for (const asked of [id, missing(id)]) {
        const feed = bob.watchText(`subscription($id: ID!) ${selection}`, { id: asked });
        await expect(feed.find(() => true, 'nothing')).rejects.toThrow('The stream failed');
        expect(feed.events).toEqual([]);
        const { failure } = feed;
        said.push(words(failure instanceof Error && failure.cause ? failure.cause : failure, asked));
      }
      expect(said[0]).toBe(said[1]);
      expect(said[0]).toContain('BAD_USER_INPUT');
    });
  });
}
