import { acceptPrices, missDeals } from '../domain/cart.ts';
import { missedDeals } from '../domain/deal-shortage.ts';
import type { CheckoutRecord } from '../store/checkouts.ts';
import { changeCart } from './change-cart.ts';
import { linesOf } from './perform-request.ts';
import type { Cause, Services } from './services.ts';

/**
 * A checkout got no slots of a deal: its cart shows the price without it from
 * now on, whether or not the catalog has heard that they are gone, and having
 * been told is having seen it. A cart that was touched meanwhile is left alone.
 */
export async function showPriceWithoutDeals(
  services: Services,
  { record, cause }: { record: CheckoutRecord; cause: Cause },
): Promise<void> {
  const { draft, orderId, state } = record;
  const refusals = 'failure' in state ? (state.failure?.refusals ?? []) : [];
  const missed = missedDeals(
    refusals.filter(({ code }) => code === 'PRICE_CHANGED'),
    linesOf(draft),
  );
  if (missed.size === 0) return;
  try {
    const { cartId, buyerId, organizationId } = draft;
    const offerIds = linesOf(draft).map(({ offerId }) => offerId);
    const quotes = await services.catalog.quotes(offerIds, { traceparent: cause.trace, organizationId });
    await changeCart(services, {
      cartId,
      user: { userId: buyerId },
      cause,
      decide: (cart) => ({
        ok: true,
        value: cart.checkoutOrderId === orderId ? acceptPrices(missDeals(cart, missed), quotes) : cart,
      }),
    });
  } catch (error) {
    // The refusal stands without it; the same call again, or the catalog's own news, shows the price.
    services.log.warn({ err: error, orderId }, 'the price without the deal is not shown yet');
  }
}
