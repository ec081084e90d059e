import { money } from '@marketgraph/platform/core';
import type { CatalogClient } from '../../../subgraphs/orders/src/clients/catalog.ts';
import type { OfferQuote } from '../../../subgraphs/orders/src/domain/offer-quote.ts';
import type { Cart } from '../../../subgraphs/orders/src/domain/cart.ts';
import type { CartStore } from '../../../subgraphs/orders/src/store/carts.ts';
import type { SparingCounter } from '../../../subgraphs/inventory/src/clients/sparing-counter.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';

/** Prices stand still in a schedule. */
export function simulatedCatalog(quotes: ReadonlyMap<string, OfferQuote>, scheduler: Scheduler): CatalogClient {
  return {
    async quotes(offerIds) {
      await scheduler.arrive('catalog');
      return new Map(offerIds.flatMap((id) => (quotes.has(id) ? [[id, quotes.get(id)!] as const] : [])));
    },
    async promotions() {
      return new Map();
    },
    async promotionByCode() {
      return undefined;
    },
  };
}

/** `dealId`: of a deal at half the price that the catalog takes for LIVE as long as the schedule lasts. */
export function aQuote(offerId: string, vendorId: string, priceMinor: number, dealId?: string): OfferQuote {
  return {
    offerId,
    vendorId,
    productId: `prd_${offerId}`,
    variantId: `var_${offerId}`,
    sku: `SKU-${offerId}`,
    title: 'Brass reading lamp',
    status: 'ACTIVE',
    price: money(priceMinor, 'EUR'),
    deal: dealId ? { id: dealId, price: money(Math.ceil(priceMinor / 2), 'EUR') } : null,
    returnWindowDays: 30,
    minOrderQuantity: 1,
    orderMultiple: 1,
    categoryIds: [],
  };
}

type UsedCarts = Pick<CartStore, 'read' | 'replace' | 'activeOf' | 'claimActive' | 'dropActive'>;

/** Carts as Redis keeps them: compare and set on the version. */
export class SimulatedCarts implements UsedCarts {
  readonly documents = new Map<string, Cart>();

  constructor(readonly scheduler: Scheduler) {}

  async read(cartId: string): Promise<Cart | undefined> {
    await this.scheduler.arrive('cart');
    return structuredClone(this.documents.get(cartId));
  }

  async replace(cart: Cart, expectedVersion: number): Promise<boolean> {
    await this.scheduler.arrive('cart');
    if ((this.documents.get(cart.id)?.version ?? 0) !== expectedVersion) return false;
    this.documents.set(cart.id, structuredClone(cart));
    return true;
  }

  async activeOf(): Promise<undefined> {
    return undefined;
  }

  async claimActive(_buyerId: string, cartId: string): Promise<string> {
    return cartId;
  }

  async dropActive(): Promise<void> {
    await this.scheduler.arrive('cart');
  }
}

/**
 * The counter in front of the stock is never the judge, so here it judges as
 * badly as it may: it admits everybody, or is away, or has forgotten its counts.
 */
export function simulatedCounter(scheduler: Scheduler, faults: () => Faults): SparingCounter {
  const { random } = scheduler;
  const put = () => scheduler.arrive('counter');
  return {
    async admit(_claimant, wanted) {
      await scheduler.arrive('counter');
      if (!random.chance(faults().counter)) return { answer: 'admitted' };
      const offerIds = random.chance(0.5) ? wanted.map(({ offerId }) => offerId) : [];
      return { answer: 'unknown', offerIds };
    },
    put,
    tell: put,
    async read() {
      return new Map();
    },
  };
}
