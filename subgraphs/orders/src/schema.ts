import { buildSubgraph, type SubgraphSchema } from '@marketgraph/platform/graphql';
import { Cart, CartEvent } from './graphql/cart.type.ts';
import { cartReference, CartResolver } from './graphql/cart.resolver.ts';
import { AbandonedCartsResolver } from './graphql/abandoned-carts.resolver.ts';
import { CheckoutResolver } from './graphql/checkout.resolver.ts';
import { Offer, Promotion, User, Vendor } from './graphql/entities.type.ts';
import {
  Fulfillment,
  Order,
  OrderLine,
  OrderStatusEvent,
  VendorOrder,
  VendorOrderEvent,
} from './graphql/order.type.ts';
import { orderReference, OrderResolver } from './graphql/order.resolver.ts';
import { CancelResolver } from './graphql/cancel.resolver.ts';
import { MarketplaceSalesResolver, UserOrdersResolver, VendorSalesResolver } from './graphql/sales.resolver.ts';
import { returnReference, ReturnResolver, VendorOrderReturnsResolver } from './graphql/return.resolver.ts';
import { Return } from './graphql/return.type.ts';
import { BasicUserError } from './graphql/shared.type.ts';
import { InsufficientStockError } from './graphql/user-error.type.ts';
import {
  fulfillmentReference,
  FulfillmentResolver,
  orderLineReference,
  vendorOrderReference,
  VendorOrderResolver,
} from './graphql/vendor-order.resolver.ts';

/** The contract and its code; needs no store. */
export function ordersSchema(): SubgraphSchema {
  return buildSubgraph({
    resolvers: [
      CartResolver,
      AbandonedCartsResolver,
      CheckoutResolver,
      OrderResolver,
      CancelResolver,
      VendorOrderResolver,
      FulfillmentResolver,
      ReturnResolver,
      VendorOrderReturnsResolver,
      UserOrdersResolver,
      VendorSalesResolver,
      MarketplaceSalesResolver,
    ],
    orphanedTypes: [
      BasicUserError,
      Cart,
      CartEvent,
      Fulfillment,
      InsufficientStockError,
      Offer,
      Order,
      OrderLine,
      OrderStatusEvent,
      Promotion,
      Return,
      User,
      Vendor,
      VendorOrder,
      VendorOrderEvent,
    ],
    references: {
      Cart: cartReference,
      Order: orderReference,
      VendorOrder: vendorOrderReference,
      OrderLine: orderLineReference,
      Fulfillment: fulfillmentReference,
      Return: returnReference,
      User: ({ id }) => ({ id }),
      Vendor: ({ id }) => ({ id }),
    },
  });
}
