import {
  badUserInput,
  encodeCursor,
  pageRequest,
  requireRole,
  toConnection,
  wholeNumber,
} from '@marketgraph/platform/graphql';
import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import { BACK_UP_AFTER_MS } from '../commands/back-up-carts.ts';
import { findAbandonedCarts } from '../commands/find-abandoned-carts.ts';
import { type Cart as DomainCart, CART_DAYS } from '../domain/cart.ts';
import { toCart } from './cart.resolver.ts';
import { CartConnection } from './cart.type.ts';
import type { OrdersContext } from './context.ts';

/** A cart is found by its copy, and copied after this time. */
const MIN_MINUTES = BACK_UP_AFTER_MS / 60_000;
const MAX_MINUTES = CART_DAYS * 24 * 60;
const OLDER_THAN = `Minutes since the last change, from ${MIN_MINUTES} to ${MAX_MINUTES}.`;

@Resolver()
export class AbandonedCartsResolver {
  @Query(() => CartConnection, {
    description: 'Carts with something in them that nobody has touched for a while, last left first; for operators.',
  })
  async abandonedCarts(
    @Ctx() { services, viewer }: OrdersContext,
    @Arg('olderThanMinutes', () => Int, { defaultValue: MIN_MINUTES, description: OLDER_THAN })
    olderThanMinutes: number,
    @Arg('first', () => Int, { defaultValue: 20, description: 'From 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<CartConnection> {
    requireRole(viewer, 'OPERATOR');
    if (olderThanMinutes < MIN_MINUTES || olderThanMinutes > MAX_MINUTES) {
      throw badUserInput(`olderThanMinutes is from ${MIN_MINUTES} to ${MAX_MINUTES}.`);
    }
    const page = pageRequest({ first, after }, { arity: 2 });
    const before = new Date(services.clock.now().getTime() - olderThanMinutes * 60_000);
    const { carts, cutOffAt } = await findAbandonedCarts(services, {
      before,
      after: page.after && { touchedAt: instantOf(page.after[0]), cartId: String(page.after[1]) },
      limit: page.limit + 1,
    });
    // The token is the guest's key to the cart, and nobody else's.
    const node = (cart: DomainCart) => toCart({ ...cart, token: null });
    const { edges, pageInfo } = toConnection(carts, page, { key: keyOf, node });
    return cutOffAt
      ? { edges, pageInfo: { ...pageInfo, hasNextPage: true, endCursor: encodeCursor(keyOf(cutOffAt)) } }
      : { edges, pageInfo };
  }
}

function keyOf(cart: DomainCart): [number, string] {
  return [Date.parse(cart.updatedAt), cart.id];
}

/** A cursor comes from a client: not every number is an instant that PostgreSQL knows. */
function instantOf(part: string | number | undefined): Date {
  const millis = wholeNumber(part);
  if (millis < 0 || millis > 253_402_300_799_999) throw badUserInput('after is not a cursor of this list.');
  return new Date(millis);
}
