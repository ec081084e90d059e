import { anOffer, onSale, type OrdersHarness, shopping } from './orders-harness.ts';

/** A cart whose checkout was started, ready to be paid. */
export async function startedCheckout(h: OrdersHarness, units = 2) {
  const offer = onSale(h, anOffer());
  const shop = shopping(h);
  const cartId = await shop.cart([{ offerId: offer.id, quantity: units }]);
  const start = await shop.start(cartId);
  if (!start.order) throw new Error(JSON.stringify(start.userErrors));
  return { offer, shop, cartId, start, orderId: start.order.id, paymentId: start.paymentId! };
}

/** How the order is stored; undefined when there is none. */
export async function orderRow(h: OrdersHarness, id: string) {
  const [row] = await h.rows<{
    status: string;
    payment_status: string;
    number: string | null;
    failure: { code: string } | null;
  }>('select status, payment_status, number, failure from orders where id = ?', [id]);
  return row;
}
