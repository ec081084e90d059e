import { Ctx, Directive, FieldResolver, Resolver, Root } from 'type-graphql';
import { canSeeProduct, textOf } from './access.ts';
import type { CatalogContext } from './context.ts';
import { listingsOf } from './listings.ts';
import { Offer, toOffer } from './offer.type.ts';
import { described } from './product.resolver.ts';
import { Product, ProductAttribute, ProductVariant, toProduct, toVariant } from './product.type.ts';

export const variantReference = async (
  reference: { id?: unknown },
  { loaders, viewer }: CatalogContext,
): Promise<ProductVariant | null> => {
  const id = textOf(reference.id);
  const product = id ? await loaders.productByVariant.load(id) : null;
  const variant = product?.variants.find((candidate) => candidate.id === id);
  return product && variant && canSeeProduct(viewer, product) ? toVariant(product, variant) : null;
};

@Resolver(() => ProductVariant)
export class VariantResolver {
  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => [ProductAttribute], { description: 'What tells it from its siblings.' })
  options(@Root() { ofProduct, variant }: ProductVariant, @Ctx() context: CatalogContext): Promise<ProductAttribute[]> {
    return described(ofProduct, variant.options, context);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Product, { description: 'The product it is a form of.' })
  product(@Root() { ofProduct }: ProductVariant): Product {
    return toProduct(ofProduct);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => [Offer], { description: 'Who sells it, cheapest first.' })
  async offers(@Root() { ofProduct, id }: ProductVariant, @Ctx() context: CatalogContext): Promise<Offer[]> {
    const { visible } = await listingsOf(ofProduct, context);
    return visible.filter(({ variantId }) => variantId === id).map(toOffer);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Offer, { nullable: true, description: 'The offer to show first; null when nobody sells it.' })
  async featuredOffer(
    @Root() { ofProduct, id }: ProductVariant,
    @Ctx() context: CatalogContext,
  ): Promise<Offer | null> {
    const { forSale } = await listingsOf(ofProduct, context);
    const best = forSale.find(({ variantId }) => variantId === id);
    return best ? toOffer(best) : null;
  }
}
