import { IdempotencyKey, requireUser } from '@marketgraph/platform/graphql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { completeCheckout } from '../commands/complete-checkout.ts';
import { mayUse } from '../commands/load-cart.ts';
import { startCheckout } from '../commands/start-checkout.ts';
import { buysFor, viewOrder } from './access.ts';
import { toCart } from './cart.resolver.ts';
import { CheckoutCompleteInput, CheckoutCompletePayload, CheckoutStartPayload } from './checkout.type.ts';
import { cartUserOf, causeOf, type OrdersContext } from './context.ts';
import type { Order } from './order.type.ts';
import { toOrder } from './order-views.ts';
import { MoneyInput } from './shared.type.ts';
import { toUserErrors } from './user-error.type.ts';

@Resolver()
export class CheckoutResolver {
  @Mutation(() => CheckoutStartPayload, {
    description:
      'Holds the goods of a cart and opens its payment. Starting again with the same contents gives the same checkout; changing the cart gives it up. Who lets goods be held again and again without buying is stopped: for eight times the life of a reservation in a day.',
  })
  async checkoutStart(
    @Ctx() context: OrdersContext,
    @Arg('cartId', () => ID, { description: 'One’s own cart, with a shipping address.' }) cartId: string,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key starts one checkout.' })
    idempotencyKey: string,
    @Arg('expectedTotal', () => MoneyInput, { nullable: true, description: 'Refuse when the total is another.' })
    expectedTotal?: MoneyInput | null,
  ): Promise<CheckoutStartPayload> {
    const { userId: buyerId } = requireUser(context.viewer);
    const total = expectedTotal && { amount: expectedTotal.amount, currencyCode: expectedTotal.currencyCode };
    const organizationIds = buysFor(context.viewer);
    const command = { cartId, buyerId, organizationIds, idempotencyKey, expectedTotal: total, cause: causeOf(context) };
    const { record, clientSecret = null, rejections } = await startCheckout(context.services, command);

    const cart = await context.loaders.carts.load(cartId);
    const state = record?.state;
    const reservation = state && 'reservation' in state ? state.reservation : undefined;
    const isOpen = rejections.length === 0;
    return {
      cart: cart && mayUse(cart, cartUserOf(context)) ? toCart(cart) : null,
      order: record ? await orderOf(context, record.orderId) : null,
      reservationId: (isOpen && reservation?.id) || null,
      reservationExpiresAt: isOpen && reservation ? new Date(reservation.expiresAt) : null,
      paymentId: (isOpen && record?.paymentId) || null,
      paymentClientSecret: isOpen ? clientSecret : null,
      userErrors: toUserErrors(rejections),
    };
  }

  @Mutation(() => CheckoutCompletePayload, {
    description: 'Says that the payment was made. Answers within five seconds, whatever the provider does.',
  })
  async checkoutComplete(
    @Ctx() context: OrdersContext,
    @Arg('input', () => CheckoutCompleteInput, { description: 'Which payment.' }) input: CheckoutCompleteInput,
    @Arg('idempotencyKey', () => IdempotencyKey, { description: 'The same key completes once.' })
    idempotencyKey: string,
  ): Promise<CheckoutCompletePayload> {
    const { userId: buyerId } = requireUser(context.viewer);
    const { amount, currencyCode } = input.expectedTotal;
    const command = { ...input, expectedTotal: { amount, currencyCode }, buyerId, idempotencyKey };
    const { record, rejections } = await completeCheckout(context.services, { ...command, cause: causeOf(context) });
    return {
      order: record ? await orderOf(context, record.orderId) : null,
      userErrors: toUserErrors(rejections),
    };
  }
}

async function orderOf(context: OrdersContext, orderId: string): Promise<Order | null> {
  const view = await viewOrder(context, orderId);
  return view && toOrder(view);
}
