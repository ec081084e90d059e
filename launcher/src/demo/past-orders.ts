import * as operations from '@marketgraph/schema/generated/operations';
import { Stripe } from 'stripe';
import { type Account, done } from './account.ts';
import type { Random } from './random.ts';
import type { Shop, ShopOffer } from './shops.ts';

export interface Provider {
  apiUrl: string | undefined;
  publishableKey: string;
}

export interface StockedOffer extends ShopOffer {
  shop: Shop;
}

const ADDRESS = { line1: '7 Harbour Street', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' };
const PRAISE: readonly (readonly [rating: number, title: string, body: string])[] = [
  [5, 'Just right', 'Does what it should and looks good doing it.'],
  [4, 'Good', 'Well made. Arrived a day late.'],
  [5, 'Would buy again', 'A present that was liked.'],
  [3, 'All right', 'Smaller than I had thought.'],
  [2, 'Not for me', 'The colour is another than in the picture.'],
];

/** One order from cart to delivery, and a review of each line: what a shop that is not new has behind it. */
export async function playPastOrder(
  buyer: Account,
  offers: readonly StockedOffer[],
  { provider, random, key }: { provider: Provider; random: Random; key: string },
): Promise<void> {
  const { cartLinesAdd } = await buyer.ask(operations.CartLinesAddDocument, {
    input: { lines: offers.map(({ id }) => ({ offerId: id, quantity: 1 })) },
  });
  const cartId = done('cartLinesAdd', cartLinesAdd).cart!.id;
  const { cartAddressSet } = await buyer.ask(operations.CartAddressSetDocument, {
    input: { cartId, shipping: ADDRESS, billing: ADDRESS },
  });
  let cart = done('cartAddressSet', cartAddressSet).cart!;
  for (const { vendor, deliveryOptions } of cart.vendorGroups) {
    const { cartDeliverySelect } = await buyer.ask(operations.CartDeliverySelectDocument, {
      input: { cartId, vendorId: vendor.id, deliveryOptionId: deliveryOptions[0]!.id },
    });
    cart = done('cartDeliverySelect', cartDeliverySelect).cart!;
  }
  const { checkoutStart } = await buyer.ask(operations.CheckoutStartDocument, {
    cartId,
    idempotencyKey: `${key}-start`,
  });
  const { order, paymentId, paymentClientSecret } = done('checkoutStart', checkoutStart);
  await pay(provider, paymentClientSecret!);
  const { checkoutComplete } = await buyer.ask(operations.CheckoutCompleteDocument, {
    input: { cartId, paymentId: paymentId!, expectedTotal: cart.total },
    idempotencyKey: `${key}-complete`,
  });
  done('checkoutComplete', checkoutComplete);
  await deliver(buyer, order!.id, offers, key);
  await review(buyer, order!.id, random);
}

async function pay({ apiUrl, publishableKey }: Provider, clientSecret: string): Promise<void> {
  const address = apiUrl ? new URL(apiUrl) : undefined;
  const stripe = new Stripe(
    publishableKey,
    address ? { host: address.hostname, port: address.port, protocol: 'http' } : {},
  );
  const intentId = clientSecret.split('_secret_', 1)[0]!;
  await stripe.rawRequest('POST', `/v1/payment_intents/${intentId}/confirm`, {
    client_secret: clientSecret,
    payment_method: 'pm_card_visa',
    return_url: 'https://shop.example/return',
  });
}

async function deliver(buyer: Account, orderId: string, offers: readonly StockedOffer[], key: string): Promise<void> {
  const { order } = await confirmed(buyer, orderId);
  for (const vendorOrder of order!.vendorOrders) {
    const seller = offers.find(({ shop }) => shop.vendorId === vendorOrder.vendor.id)!.shop.account;
    const { fulfillmentCreate } = await seller.ask(operations.FulfillmentCreateDocument, {
      input: {
        vendorOrderId: vendorOrder.id,
        lines: vendorOrder.lines.map(({ id, quantity }) => ({ lineId: id, quantity })),
      },
      idempotencyKey: `${key}-${vendorOrder.id}`,
    });
    const { fulfillment } = done('fulfillmentCreate', fulfillmentCreate);
    for (const status of ['SHIPPED', 'DELIVERED'] as const) {
      const { fulfillmentStatusUpdate } = await seller.ask(operations.FulfillmentStatusUpdateDocument, {
        input: { id: fulfillment!.id, status },
      });
      done(status, fulfillmentStatusUpdate);
    }
  }
}

async function confirmed(buyer: Account, orderId: string): Promise<operations.OrderDetailsQuery> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const details = await buyer.ask(operations.OrderDetailsDocument, { id: orderId });
    if (details.order?.status === 'CONFIRMED') return details;
    if (Date.now() > deadline)
      throw new Error(`Order ${orderId} is ${details.order?.status ?? 'unknown'} and not confirmed`);
    await pause(50);
  }
}

/** Reviews learn of a delivery by an event: until then a line counts as not purchased. */
async function review(buyer: Account, orderId: string, random: Random): Promise<void> {
  const { order } = await buyer.ask(operations.OrderDetailsDocument, { id: orderId });
  for (const { id } of order!.lines) {
    const [rating, title, body] = random.pick(PRAISE);
    const deadline = Date.now() + 10_000;
    for (;;) {
      const { reviewSubmit } = await buyer.ask(operations.ReviewSubmitDocument, {
        input: { orderLineId: id, target: 'PRODUCT', rating, title, body },
      });
      if (!reviewSubmit.userErrors.some(({ code }) => code === 'NOT_PURCHASED') || Date.now() > deadline) {
        done('reviewSubmit', reviewSubmit, 'CONFLICT');
        break;
      }
      await pause(50);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
