import { isId } from '@marketgraph/platform/core';
import {
  type ActingViewer,
  forbidden,
  hasRole,
  isActing,
  isMemberOf,
  isService,
  requireActing,
  requireUser,
  type Viewer,
} from '@marketgraph/platform/graphql';
import type { ImportState } from '../domain/catalog-import.ts';
import type { OfferState } from '../domain/offer.ts';
import type { ProductState } from '../domain/product.ts';

const SELLING = ['VENDOR_ADMIN', 'VENDOR_STAFF'];

/** Whether the viewer sells for this vendor. */
export function sellsFor(viewer: Viewer, vendorId: string): boolean {
  return isMemberOf(viewer, vendorId, ...SELLING);
}

/** Whether the viewer sells for anybody. */
export function isSeller(viewer: Viewer): boolean {
  return (
    isActing(viewer) && (hasRole(viewer, ...SELLING) || viewer.memberships.some(({ role }) => SELLING.includes(role)))
  );
}

/** For operations that only sellers ever use. */
export function requireSeller(viewer: Viewer): ActingViewer {
  const seller = requireActing(viewer);
  if (!isSeller(seller)) throw forbidden('Only vendors may do this.');
  return seller;
}

/** For operations of sellers that operators do for them, too. */
export function requireDealMaker(viewer: Viewer): ActingViewer {
  return hasRole(viewer, 'OPERATOR') ? requireUser(viewer) : requireSeller(viewer);
}

/** Moderators see everything; so do the other services, which authorise by what they own themselves. */
export function seesEverything(viewer: Viewer): boolean {
  return isService(viewer) || hasRole(viewer, 'MODERATOR', 'OPERATOR');
}

/** Everybody sees what is published; the rest is between its vendor and the moderators. */
export function canSeeProduct(viewer: Viewer, product: ProductState): boolean {
  return product.status === 'PUBLISHED' || seesEverything(viewer) || sellsFor(viewer, product.submittedBy);
}

/** An offer is seen with its product, and always by who made it. */
export function canSeeOffer(viewer: Viewer, offer: OfferState, product: ProductState): boolean {
  return canSeeProduct(viewer, product) || sellsFor(viewer, offer.vendorId);
}

export function canSeeImport(viewer: Viewer, { vendorId }: ImportState): boolean {
  return seesEverything(viewer) || sellsFor(viewer, vendorId);
}

/** All of a promotion: its vendor and operators, and the services that count with it. */
export function ownsPromotion(viewer: Viewer, { vendorId }: { vendorId: string | null }): boolean {
  return isService(viewer) || hasRole(viewer, 'OPERATOR') || (vendorId !== null && sellsFor(viewer, vendorId));
}

/** A vendor's list: for the vendor, operators, the other services, and the other side of a contract. */
export function seesPriceList(
  viewer: Viewer,
  { vendorId, buyerOrganizationId }: { vendorId: string; buyerOrganizationId: string | null },
): boolean {
  if (isService(viewer) || hasRole(viewer, 'OPERATOR') || sellsFor(viewer, vendorId)) return true;
  return buyerOrganizationId !== null && isMemberOf(viewer, buyerOrganizationId);
}

/**
 * For whom a price is asked. Nobody in particular is told what everybody pays;
 * somebody who is signed in asks for an organization of theirs, or is refused
 * in the same words whether there is such an organization or not.
 */
export function buyerAskedFor(
  viewer: Viewer,
  organizationId: string | null | undefined,
  { vendorId }: { vendorId: string },
): string | null {
  if (!organizationId || viewer.kind === 'anonymous') return null;
  const mayAsk =
    isMemberOf(viewer, organizationId) ||
    isService(viewer) ||
    hasRole(viewer, 'OPERATOR') ||
    sellsFor(viewer, vendorId);
  if (!mayAsk) throw forbidden('You do not belong to this organization.');
  // What is no id of ours has no price list, and never becomes a part of a key.
  return isId(organizationId, 'org') ? organizationId : null;
}

/** A part of a representation: `_Any` lets through what is no text, and nothing but text goes into a question to the store. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= 200 ? value : null;
}
