import type { Rejection, Result } from '@marketgraph/platform/core';
import { badUserInput, IdempotencyKey, isService, requireUser, type StreamRoot } from '@marketgraph/platform/graphql';
import { cartChanged } from '@marketgraph/schema/events/orders';
import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import {
  addCartLines,
  removeCartLines,
  selectCartDelivery,
  setCartAddresses,
  setCartOrganization,
  updateCartLines,
} from '../commands/edit-cart.ts';
import { applyCartPromotion, removeCartPromotion } from '../commands/cart-promotions.ts';
import { mayUse } from '../commands/load-cart.ts';
import { mergeCart } from '../commands/merge-cart.ts';
import type { Address } from '../domain/address.ts';
import { type Cart as DomainCart, expiresAt, promotionsIn } from '../domain/cart.ts';
import type { DeliveryOption as DomainDeliveryOption } from '../domain/delivery.ts';
import type { PricedGroup, PricedLine } from '../domain/pricing.ts';
import { AppliedPromotion, toAppliedPromotions } from './applied-promotion.type.ts';
import {
  CartAddressInput,
  CartDeliveryInput,
  CartLinesAddInput,
  CartLinesRemoveInput,
  CartLinesUpdateInput,
} from './cart.input.ts';
import {
  Cart,
  CartEvent,
  CartLine,
  CartPayload,
  CartVendorGroup,
  CartWarning,
  type CartWarningCode,
  type DeliveryOption,
} from './cart.type.ts';
import { cartUserOf, causeOf, type OrdersContext } from './context.ts';
import { Money, type PostalAddressInput, StreamEventKind } from './shared.type.ts';
import { toUserErrors } from './user-error.type.ts';

const KEY = 'The same key adds once to a cart. A guest who has none yet gets a new one with each call.';
const CODE = 'Of a promotion; capitals and hyphens do not matter.';

@Resolver(() => Cart)
export class CartResolver {
  @Query(() => Cart, { nullable: true, description: 'One’s open cart, or a cart by id; a guest sends its token too.' })
  async cart(
    @Ctx() context: OrdersContext,
    @Arg('id', () => ID, { nullable: true, description: 'Null for one’s open cart.' }) id?: string | null,
    @Arg('token', () => String, { nullable: true, description: 'Of a guest’s cart.' }) token?: string | null,
  ): Promise<Cart | null> {
    const user = cartUserOf(context, token);
    if (id) {
      const cart = await context.loaders.carts.load(id);
      return cart && mayUse(cart, user) ? toCart(cart) : null;
    }
    const cart = user.userId ? await context.loaders.activeCarts.load(user.userId) : undefined;
    return cart ? toCart(cart) : null;
  }

  @Mutation(() => CartPayload, {
    description:
      'Puts offers into a cart. Without a cart id a new cart is opened. What is known to be sold out is refused with INSUFFICIENT_STOCK; what is not may still be when it is bought.',
  })
  async cartLinesAdd(
    @Ctx() context: OrdersContext,
    @Arg('input', () => CartLinesAddInput, { description: 'Which offers.' }) input: CartLinesAddInput,
    @Arg('idempotencyKey', () => IdempotencyKey, { nullable: true, description: KEY }) idempotencyKey?: string | null,
  ): Promise<CartPayload> {
    const { cartId = null, organizationId, lines, token } = input;
    const user = cartUserOf(context, token);
    const cause = causeOf(context);
    return payload(
      await addCartLines(context.services, { cartId, user, cause, organizationId, lines, idempotencyKey }),
    );
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, {
    description: 'Says for whom a cart is bought: its lines are at the prices of that organization then.',
  })
  async cartOrganizationSet(
    @Ctx() context: OrdersContext,
    @Arg('cartId', () => ID, { description: 'One’s own cart.' }) cartId: string,
    @Arg('organizationId', () => ID, {
      nullable: true,
      description: 'An organization you purchase for; null: for yourself.',
    })
    organizationId?: string | null,
  ): Promise<CartPayload> {
    const change = { cartId, organizationId: organizationId ?? null, ...who(context) };
    return payload(await setCartOrganization(context.services, change));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, {
    description: 'Changes quantities. More of what is known to be sold out is refused with INSUFFICIENT_STOCK.',
  })
  async cartLinesUpdate(
    @Ctx() context: OrdersContext,
    @Arg('input', () => CartLinesUpdateInput, { description: 'Which lines.' }) input: CartLinesUpdateInput,
  ): Promise<CartPayload> {
    const { token, ...change } = input;
    return payload(await updateCartLines(context.services, { ...change, ...who(context, token) }));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, { description: 'Takes lines out of a cart.' })
  async cartLinesRemove(
    @Ctx() context: OrdersContext,
    @Arg('input', () => CartLinesRemoveInput, { description: 'Which lines.' }) input: CartLinesRemoveInput,
  ): Promise<CartPayload> {
    const { token, ...change } = input;
    return payload(await removeCartLines(context.services, { ...change, ...who(context, token) }));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, { description: 'Sets where to deliver and whom to bill.' })
  async cartAddressSet(
    @Ctx() context: OrdersContext,
    @Arg('input', () => CartAddressInput, { description: 'The addresses.' }) input: CartAddressInput,
  ): Promise<CartPayload> {
    const { token, cartId, shipping, billing } = input;
    const addresses = { shipping: toAddress(shipping), billing: toAddress(billing) };
    return payload(await setCartAddresses(context.services, { cartId, ...addresses, ...who(context, token) }));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, { description: 'Chooses how one vendor’s parcel is sent.' })
  async cartDeliverySelect(
    @Ctx() context: OrdersContext,
    @Arg('input', () => CartDeliveryInput, { description: 'The choice.' }) input: CartDeliveryInput,
  ): Promise<CartPayload> {
    const { token, ...choice } = input;
    return payload(await selectCartDelivery(context.services, { ...choice, ...who(context, token) }));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, {
    description:
      'Puts a code into a cart that takes effect there; the same code again changes nothing. Whoever tries codes is stopped after 10 in a minute that led to nothing.',
  })
  async cartPromotionApply(
    @Ctx() context: OrdersContext,
    @Arg('cartId', () => ID, { description: 'The cart.' }) cartId: string,
    @Arg('code', () => String, { description: CODE }) code: string,
    @Arg('token', () => String, { nullable: true, description: 'Of a guest’s cart.' }) token?: string | null,
  ): Promise<CartPayload> {
    return payload(await applyCartPromotion(context.services, { cartId, code, ...who(context, token) }));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, { description: 'Takes a code out of a cart.' })
  async cartPromotionRemove(
    @Ctx() context: OrdersContext,
    @Arg('cartId', () => ID, { description: 'The cart.' }) cartId: string,
    @Arg('code', () => String, { description: CODE }) code: string,
    @Arg('token', () => String, { nullable: true, description: 'Of a guest’s cart.' }) token?: string | null,
  ): Promise<CartPayload> {
    return payload(await removeCartPromotion(context.services, { cartId, code, ...who(context, token) }));
  }

  @Directive('@idempotent')
  @Mutation(() => CartPayload, {
    description:
      'Puts what a guest collected into one’s own cart, after signing in: units of the same offer are added up. Asking again adds nothing; the guest’s cart is closed.',
  })
  async cartMerge(
    @Ctx() context: OrdersContext,
    @Arg('cartId', () => ID, { description: 'The guest’s cart.' }) cartId: string,
    @Arg('guestCartToken', () => String, { description: 'Its token.' }) guestCartToken: string,
  ): Promise<CartPayload> {
    const { userId } = requireUser(context.viewer);
    return payload(await mergeCart(context.services, { cartId, guestCartToken, userId, cause: causeOf(context) }));
  }

  @Directive('@coalesce')
  @Subscription(() => CartEvent, {
    topics: 'gateway',
    description: 'A cart, whenever it changes; only the newest state counts.',
  })
  async cartChanged(
    @Ctx() context: OrdersContext,
    @Root() root: StreamRoot,
    @Arg('cartId', () => ID, { description: 'One’s own cart.' }) cartId: string,
    @Arg('token', () => String, { nullable: true, description: 'Of a guest’s cart.' }) token?: string | null,
    @Arg('after', () => String, { nullable: true, description: 'Resume behind this cursor.' }) _after?: string | null,
  ): Promise<CartEvent> {
    const cart = await context.loaders.carts.load(cartId);
    if (!cart || !mayUse(cart, cartUserOf(context, token))) throw badUserInput('No such cart.');
    if (root.kind === 'SNAPSHOT') root.shows = { name: cartChanged.name, key: cart.id, sequence: cart.version };
    return Object.assign(new CartEvent(), {
      __typename: 'CartEvent',
      cursor: root.cursor,
      occurredAt: new Date(root.occurredAt),
      kind: StreamEventKind[root.kind],
      cart: toCart(cart),
    });
  }

  @FieldResolver(() => [CartLine], { description: 'In the order they were added.' })
  async lines(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<CartLine[]> {
    return (await loaders.priced(state)).lines.map(toCartLine);
  }

  @FieldResolver(() => [CartVendorGroup], { description: 'One parcel per vendor.' })
  async vendorGroups(@Root() { state }: Cart, @Ctx() { loaders, services }: OrdersContext): Promise<CartVendorGroup[]> {
    const { groups } = await loaders.priced(state);
    return groups.map((group) => toGroup(group, services.clock.now()));
  }

  @FieldResolver(() => Money, { description: 'Of the goods, before discounts, delivery and tax.' })
  async subtotal(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<Money> {
    return (await loaders.priced(state)).subtotal;
  }

  @FieldResolver(() => Money, { description: 'What is taken off.' })
  async discountTotal(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<Money> {
    return (await loaders.priced(state)).discountTotal;
  }

  @FieldResolver(() => Money, { description: 'Delivery of all parcels; nothing until there is an address.' })
  async shippingTotal(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<Money> {
    return (await loaders.priced(state)).shippingTotal;
  }

  @FieldResolver(() => Money, { description: 'Tax on the goods, by where they go; nothing until there is an address.' })
  async taxTotal(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<Money> {
    return (await loaders.priced(state)).taxTotal;
  }

  @FieldResolver(() => Money, { description: 'What the buyer pays.' })
  async total(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<Money> {
    return (await loaders.priced(state)).total;
  }

  @FieldResolver(() => [AppliedPromotion], { description: 'What its codes take off, in the order they are applied.' })
  async promotions(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<AppliedPromotion[]> {
    return toAppliedPromotions((await loaders.priced(state)).promotions);
  }

  @FieldResolver(() => [CartWarning], { description: 'What to look at before paying.' })
  async warnings(@Root() { state }: Cart, @Ctx() { loaders }: OrdersContext): Promise<CartWarning[]> {
    const { warnings, lines } = await loaders.priced(state);
    return warnings.map(({ code, message, lineId }) => {
      const priced = lines.find(({ line }) => line.id === lineId);
      return { code: code as CartWarningCode, message, line: priced ? toCartLine(priced) : null };
    });
  }
}

/** By id, for the gateway: the owner's, or for another service. */
export async function cartReference({ id }: Record<string, unknown>, context: OrdersContext): Promise<Cart | null> {
  const cart = typeof id === 'string' ? await context.loaders.carts.load(id) : undefined;
  if (!cart) return null;
  return isService(context.viewer) || mayUse(cart, cartUserOf(context)) ? toCart(cart) : null;
}

export function toCart(cart: DomainCart): Cart {
  return Object.assign(new Cart(), {
    __typename: 'Cart',
    id: cart.id,
    token: cart.token,
    buyer: cart.buyerId ? { id: cart.buyerId } : null,
    organization: cart.organizationId ? { id: cart.organizationId } : null,
    shippingAddress: cart.shippingAddress,
    promotionCodes: promotionsIn(cart).map(({ code }) => code),
    expiresAt: expiresAt(cart),
    updatedAt: new Date(cart.updatedAt),
    version: cart.version,
    state: cart,
  });
}

function payload(result: Result<DomainCart, Rejection>): CartPayload {
  return result.ok
    ? { cart: toCart(result.value), userErrors: [] }
    : { cart: null, userErrors: toUserErrors([result.rejection]) };
}

function who(context: OrdersContext, token?: string | null) {
  return { user: cartUserOf(context, token), cause: causeOf(context) };
}

function toAddress(input: PostalAddressInput | null | undefined): Address | null {
  if (!input) return null;
  const { name, company, line1, line2, city, region, postalCode, countryCode, phone } = input;
  return {
    name: name ?? null,
    company: company ?? null,
    line1,
    line2: line2 ?? null,
    city,
    region: region ?? null,
    postalCode: postalCode ?? null,
    countryCode,
    phone: phone ?? null,
  };
}

function toCartLine({ line, unitPrice, lineTotal }: PricedLine): CartLine {
  return { id: line.id, offer: { id: line.offerId }, quantity: line.quantity, unitPrice, lineTotal };
}

function toGroup(group: PricedGroup, now: Date): CartVendorGroup {
  return {
    vendor: { id: group.vendorId },
    lines: group.lines.map(toCartLine),
    deliveryOptions: group.options.map((option) => toDeliveryOption(option, now)),
    selectedDelivery: group.selected && toDeliveryOption(group.selected, now),
    subtotal: group.subtotal,
  };
}

function toDeliveryOption({ id, name, price, days }: DomainDeliveryOption, now: Date): DeliveryOption {
  return { id, name, price, estimatedDelivery: new Date(now.getTime() + days * 86_400_000) };
}
