import * as operations from '@marketgraph/schema/generated/operations';
import { Stripe } from 'stripe';
import type { Person } from '../support/person.ts';
import { newKey, type StoryGraph } from './cast.ts';
import { accepted, expectThat } from './report.ts';

export interface Basket {
  cartId: string;
  total: { amount: number; currencyCode: string };
}

export interface StartedCheckout extends Basket {
  orderId: string;
  paymentId: string;
  clientSecret: string;
}

/** Lines, address and the first delivery option of every vendor. */
export async function fillCart(buyer: Person, lines: { offerId: string; quantity: number }[]): Promise<Basket> {
  const { cartLinesAdd } = await buyer.ask(operations.CartLinesAddDocument, { input: { lines } });
  const cart = accepted('cartLinesAdd', cartLinesAdd.cart, cartLinesAdd.userErrors);
  const address = {
    name: buyer.name,
    line1: '7 Harbour Street',
    city: 'Hamburg',
    postalCode: '20095',
    countryCode: 'DE',
  };
  const { cartAddressSet } = await buyer.ask(operations.CartAddressSetDocument, {
    input: { cartId: cart.id, shipping: address, billing: address },
  });
  let current = accepted('cartAddressSet', cartAddressSet.cart, cartAddressSet.userErrors);
  for (const group of current.vendorGroups) {
    const option = group.deliveryOptions[0];
    expectThat(option !== undefined, 'every vendor offers a delivery', group);
    const { cartDeliverySelect } = await buyer.ask(operations.CartDeliverySelectDocument, {
      input: { cartId: cart.id, vendorId: group.vendor.id, deliveryOptionId: option.id },
    });
    current = accepted('cartDeliverySelect', cartDeliverySelect.cart, cartDeliverySelect.userErrors);
  }
  const { subtotal, shippingTotal, taxTotal, total } = current;
  expectThat(total.amount >= subtotal.amount + shippingTotal.amount, 'the total holds lines and delivery', {
    subtotal,
    shippingTotal,
    taxTotal,
    total,
  });
  return { cartId: cart.id, total };
}

export async function startCheckout(buyer: Person, basket: Basket): Promise<StartedCheckout> {
  const { checkoutStart } = await buyer.ask(operations.CheckoutStartDocument, {
    cartId: basket.cartId,
    idempotencyKey: newKey(),
  });
  const order = accepted('checkoutStart', checkoutStart.order, checkoutStart.userErrors);
  expectThat(order.status === 'PENDING_PAYMENT', 'an order begins as PENDING_PAYMENT', order);
  expectThat(Boolean(checkoutStart.reservationId), 'stock is reserved', checkoutStart);
  return {
    ...basket,
    orderId: order.id,
    paymentId: accepted('payment', checkoutStart.paymentId, []),
    clientSecret: accepted('client secret', checkoutStart.paymentClientSecret, []),
  };
}

/** What Stripe.js does in the buyer's browser: confirm with the publishable key and the client secret. */
export async function payByCard(graph: StoryGraph, checkout: StartedCheckout, paymentMethod: string): Promise<void> {
  const { publishableKey, apiUrl } = graph.stripe;
  const address = apiUrl ? new URL(apiUrl) : undefined;
  const stripe = new Stripe(publishableKey, {
    maxNetworkRetries: 0,
    ...(address
      ? { host: address.hostname, port: address.port, protocol: address.protocol === 'https:' ? 'https' : 'http' }
      : {}),
  });
  const intentId = checkout.clientSecret.split('_secret_', 1)[0]!;
  // The SDK's types know only what a server sends; a browser confirms with the client secret.
  await stripe.rawRequest('POST', `/v1/payment_intents/${intentId}/confirm`, {
    client_secret: checkout.clientSecret,
    payment_method: paymentMethod,
    return_url: 'https://shop.example/return',
  });
}

export async function completeCheckout(buyer: Person, checkout: StartedCheckout) {
  const { checkoutComplete } = await buyer.ask(operations.CheckoutCompleteDocument, {
    input: { cartId: checkout.cartId, paymentId: checkout.paymentId, expectedTotal: checkout.total },
    idempotencyKey: newKey(),
  });
  return checkoutComplete;
}

export async function availableOf(person: Person, offerId: string): Promise<number> {
  const { availability } = await person.ask(operations.AvailabilityDocument, { offerIds: [offerId] });
  return availability[0]?.available ?? 0;
}
