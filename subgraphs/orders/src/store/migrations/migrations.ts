import { GiveBacks } from './002-give-backs.ts';
import { Returns } from './003-returns.ts';
import { Promotions } from './004-promotions.ts';
import { Organizations } from './005-organizations.ts';
import { CheckoutTrace } from './006-checkout-trace.ts';
import { TrackingPlaces } from './007-tracking-places.ts';
import { CreateOrders } from './create-orders.ts';

/** In order; only ever added to. */
export const migrations = {
  '001-create-orders': CreateOrders,
  '002-give-backs': GiveBacks,
  '003-returns': Returns,
  '004-promotions': Promotions,
  '005-organizations': Organizations,
  '006-checkout-trace': CheckoutTrace,
  '007-tracking-places': TrackingPlaces,
};

export { APPEND_ONLY } from './create-orders.ts';
