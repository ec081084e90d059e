import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { badUserInput, pageRequest, toConnection } from '@marketgraph/platform/graphql';
import type { ProductStatus as ProductStatusName } from '../domain/product-status.ts';
import { isActive } from '../domain/vendor.ts';
import { seesEverything, sellsFor, textOf } from './access.ts';
import type { CatalogContext } from './context.ts';
import { OfferConnection, toOffer } from './offer.type.ts';
import { productConnection, productPage } from './product-list.ts';
import { ProductConnection, ProductStatus } from './product.type.ts';
import { afterDescription, firstDescription } from './shared.type.ts';
import { toVendor, Vendor } from './vendor.type.ts';

export const vendorReference = (reference: { id?: unknown }): Vendor | null => {
  const id = textOf(reference.id);
  return id ? toVendor(id) : null;
};

@Resolver(() => Vendor)
export class VendorResolver {
  @FieldResolver(() => ProductConnection, {
    nullable: true,
    description: 'The products it has brought in, newest first.',
  })
  async products(
    @Root() { id }: Vendor,
    @Ctx() { loaders, viewer }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
    @Arg('status', () => [ProductStatus], {
      nullable: true,
      description: 'PUBLISHED when absent; others are shown to the vendor itself and to moderators.',
    })
    status?: ProductStatusName[],
  ): Promise<ProductConnection> {
    const seesAll = seesEverything(viewer) || sellsFor(viewer, id);
    const statuses = (status ?? ['PUBLISHED']).filter((wanted) => wanted === 'PUBLISHED' || seesAll);
    const page = productPage({ first, after }, { statuses });
    // Nothing of what was asked for is for this viewer: the page of a vendor who has none of it.
    const documents = statuses.length > 0 ? await loaders.productsOfVendor.load({ id, page }) : [];
    return productConnection(documents, page);
  }

  @FieldResolver(() => OfferConnection, {
    nullable: true,
    description: 'What it sells, oldest first. The vendor itself sees all its offers.',
  })
  async offers(
    @Root() { id }: Vendor,
    @Ctx() { loaders, viewer }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<OfferConnection> {
    const page = pageRequest({ first, after }, { arity: 1 });
    const last = page.after?.[0];
    if (last !== undefined && typeof last !== 'string') throw badUserInput('after is not a cursor of this list.');
    const seesAll = seesEverything(viewer) || sellsFor(viewer, id);
    const isOpen = seesAll || isActive(await loaders.vendor.load(id));
    const offers = isOpen
      ? await loaders.offersOfVendor.load({
          id,
          page: { onlyActive: !seesAll, limit: page.limit, ...(last ? { after: last } : {}) },
        })
      : [];
    return toConnection(offers, page, { key: (offer) => [offer.id], node: toOffer });
  }
}
