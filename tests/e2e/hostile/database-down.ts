import { until } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import type { AccessCast } from '../access/cast-of-access.ts';
import { inDatabase } from './database.ts';

/** Of drivers, hosts, paths and SQL. */
const INSIDE =
  /ECONN|postgres|pg_|relation|select |insert |terminat|administrator|password|connection|127\.0\.0\.1|localhost|:\d{4,5}\b|node_modules|\/src\/|at \w+ \(|MikroORM|Driver|knex/i;

const ORDERS = 'query($id: ID!) { order(id: $id) { id status } product(id: $product) { title } }';

/** What a client sees of a database that is away. */
export function itStaysSilentWithoutItsDatabase(cast: () => AccessCast): void {
  describe('the database of orders is down', () => {
    it('79 tells a request id and nothing of what is inside, goes on elsewhere, and comes back by itself', async () => {
      const { market, as, ann, bought, lamp, cartId } = cast();
      const query = ORDERS.replace('($id: ID!)', '($id: ID!, $product: ID!)');
      const variables = { id: bought.orderId, product: lamp.productId };
      const ask = () => as<{ order: unknown; product: { title: string } }>(ann, query, variables);
      expect((await ask()).codes).toEqual([]);
      const allow = (allowed: boolean) =>
        inDatabase(market, 'postgres', `alter database orders allow_connections ${allowed}`);
      try {
        await allow(false);
        await inDatabase(
          market,
          'postgres',
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'orders'`,
        );
        const read = await ask();
        const change = await as(
          ann,
          'mutation($id: ID!) { checkoutStart(cartId: $id, idempotencyKey: "no-database") { order { id } userErrors { code } } }',
          { id: cartId },
        );
        const byNode = await as(ann, 'query($id: ID!) { node(id: $id) { id ... on Order { number } } }', {
          id: bought.orderId,
        });
        for (const { status, codes, errors } of [read, change, byNode]) {
          expect([status, codes]).toEqual([200, [expect.toBeOneOf(['INTERNAL_SERVER_ERROR', 'SUBGRAPH_UNAVAILABLE'])]]);
          for (const error of errors)
            expect(error.extensions).toHaveProperty('requestId', expect.stringMatching(/^[\w-]{8,64}$/));
          expect(JSON.stringify(errors)).not.toMatch(INSIDE);
        }
        expect(read.data).toEqual({ order: null, product: { title: lamp.title } });
      } finally {
        await allow(true);
      }
      await until(async () => (await ask()).codes.length === 0, { what: 'orders answer again', timeoutMs: 30_000 });
    });
  });
}
