import { accept } from '@marketgraph/platform/core';
import { type Outcome, refuse } from './outcome.ts';
import type { ProductState } from './product.ts';

/** Who acts, as far as the catalog cares. */
export interface Actor {
  userId: string;
  actsFor(vendorId: string): boolean;
  /** W3C traceparent of the request. */
  trace?: string;
}

/** Acting for a vendor one does not belong to. */
export function checkActsFor(actor: Actor, vendorId: string): Outcome<true> {
  return actor.actsFor(vendorId) ? accept(true) : refuse('FORBIDDEN', 'You do not act for this vendor.', ['vendorId']);
}

/** Somebody else's product is forbidden when everybody can see it, and unknown when not. */
export function checkOwnsProduct(actor: Actor, product: ProductState | null): Outcome<ProductState> {
  if (product && actor.actsFor(product.submittedBy)) return accept(product);
  return product?.status === 'PUBLISHED'
    ? refuse('FORBIDDEN', 'This product belongs to another vendor.', ['id'])
    : refuse('NOT_FOUND', 'No such product.', ['id']);
}
