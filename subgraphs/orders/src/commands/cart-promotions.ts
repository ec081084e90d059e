import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type Cart, pricedFor, promotionsIn } from '../domain/cart.ts';
import { applyPromotion, NOT_APPLICABLE, removePromotion } from '../domain/cart-promotions.ts';
import { isOpenTo, type Promotion } from '../domain/promotion.ts';
import type { CallOptions } from '../clients/catalog.ts';
import { countUses } from '../store/promotion-uses.ts';
import { changeCart } from './change-cart.ts';
import { type CartUser, loadCart, mayUse } from './load-cart.ts';
import type { Cause, Services } from './services.ts';

/** Of one cart, by id: the promotions in it that its buyer may use now. */
export type OpenPromotions = ReadonlyMap<string, Promotion>;

interface CodeEdit {
  cartId: string;
  code: string;
  user: CartUser;
  cause: Cause;
}

/**
 * Puts a code into a cart. Whatever the reason why it does nothing there, the
 * answer is the same: who tries codes learns of none but those that work.
 */
export async function applyCartPromotion(services: Services, edit: CodeEdit): Promise<Result<Cart>> {
  const { cartId, user, cause } = edit;
  const cart = await loadCart(services, cartId);
  if (!cart || !mayUse(cart, user)) return reject('NOT_FOUND', 'There is no such cart.', { field: ['cartId'] });
  const found = await lookUp(services, cart, edit);
  if (!found.ok) return found;
  const { promotion, facts } = found.value;
  return await changeCart(services, {
    cartId,
    user,
    cause,
    decide: (current) => applyPromotion(current, promotion, facts),
  });
}

type Found = { promotion: Promotion; facts: Parameters<typeof applyPromotion>[2] };

/** The promotion of this code when it is open to the buyer, and what the cart costs with it. */
async function lookUp(
  services: Services,
  cart: Cart,
  { code, cause, user: { organizationIds } }: CodeEdit,
): Promise<Result<Found>> {
  const { catalog, taxes, log } = services;
  const call = { traceparent: cause.trace };
  try {
    const promotion = await catalog.promotionByCode(code, call);
    if (!promotion) return { ok: false, rejection: NOT_APPLICABLE };
    const { promotionId } = promotion;
    const wanted = { ...cart, promotions: [...promotionsIn(cart), { promotionId, code: promotion.code }] };
    const offerIds = cart.lines.map((line) => line.offerId);
    const [[promotions], quotes] = await Promise.all([
      openPromotions(services, [wanted], { ...call, known: [promotion] }),
      catalog.quotes(offerIds, { ...call, withCategories: true, organizationId: pricedFor(cart, organizationIds) }),
    ]);
    return promotions?.has(promotionId)
      ? accept({ promotion, facts: { quotes, taxes, promotions } })
      : { ok: false, rejection: NOT_APPLICABLE };
  } catch (error) {
    log.warn({ err: error, cartId: cart.id }, 'a code could not be looked up');
    return reject('SERVICE_UNAVAILABLE', 'Codes cannot be looked up at the moment; try again.');
  }
}

export async function removeCartPromotion(services: Services, { code, ...edit }: CodeEdit): Promise<Result<Cart>> {
  return await changeCart(services, { ...edit, decide: (cart) => removePromotion(cart, code) });
}

/**
 * What is open to the buyers of these carts: one question to the catalog, one
 * to accounts when a promotion is for Prime buyers, one to the store when one
 * counts per buyer, however many carts there are.
 */
export async function openPromotions(
  { catalog, accounts, orm }: Pick<Services, 'catalog' | 'accounts' | 'orm'>,
  carts: readonly Cart[],
  { known = [], ...call }: CallOptions & { known?: readonly Promotion[] } = {},
): Promise<OpenPromotions[]> {
  const told = new Map(known.map((promotion) => [promotion.promotionId, promotion]));
  const asked = carts.flatMap(promotionsIn).filter(({ promotionId }) => !told.has(promotionId));
  const found = await catalog.promotions(
    asked.map(({ promotionId }) => promotionId),
    call,
  );
  const promotionsOf = (cart: Cart) =>
    promotionsIn(cart).flatMap(({ promotionId }) => told.get(promotionId) ?? found.get(promotionId) ?? []);
  const buyersOf = (concerns: (promotion: Promotion) => boolean) =>
    carts.flatMap((cart) => (cart.buyerId && promotionsOf(cart).some(concerns) ? [cart.buyerId] : []));

  const [prime, uses] = await Promise.all([
    accounts.primeAmong(
      buyersOf((promotion) => promotion.isPrimeOnly),
      call,
    ),
    countUses(orm.em.fork(), {
      buyerIds: buyersOf((promotion) => promotion.usageLimitPerBuyer !== null),
      // A checkout that is under way does not stand in its own way, nor in that of its twin a moment later.
      besideCartIds: carts.map(({ id }) => id),
    }),
  ]);
  return carts.map((cart) => {
    const { buyerId } = cart;
    const open = promotionsOf(cart).filter((promotion) =>
      isOpenTo(promotion, {
        isPrime: buyerId !== null && prime.has(buyerId),
        ownUses: buyerId === null ? 0 : (uses.get(buyerId)?.get(promotion.promotionId) ?? 0),
      }),
    );
    return new Map(open.map((promotion) => [promotion.promotionId, promotion]));
  });
}
