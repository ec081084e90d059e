import type { Cart } from '../domain/cart.ts';
import { tellCartChanged } from './change-cart.ts';
import { loadCart } from './load-cart.ts';
import type { Services } from './services.ts';

const MAX_TRIES = 50;

/** The order is final: its cart is empty and closed, and the buyer's next addition opens another. Its backup goes with the checkout's last step. */
export async function clearCart(services: Services, sale: { cartId: string; orderId: string }): Promise<void> {
  const { carts, clock } = services;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const cart = await loadCart(services, sale.cartId);
    if (!cart) break;
    if (cart.buyerId) await carts.dropActive(cart.buyerId, cart.id);
    if (cart.status === 'CLOSED') break;
    const closed: Cart = {
      ...cart,
      status: 'CLOSED',
      lines: [],
      delivery: {},
      promotions: [],
      checkoutOrderId: sale.orderId,
      version: cart.version + 1,
      updatedAt: clock.now().toISOString(),
    };
    if (!(await carts.replace(closed, cart.version))) continue;
    await tellCartChanged(services, closed);
    break;
  }
}
