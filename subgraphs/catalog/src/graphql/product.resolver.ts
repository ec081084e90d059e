import { Arg, Ctx, Directive, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { badUserInput, LanguageTag, pageRequest, requireService, toConnection } from '@marketgraph/platform/graphql';
import { inheritedSchema } from '../domain/attribute-schema.ts';
import { type AttributeValue, describeAttributes } from '../domain/attributes.ts';
import { inLanguage } from '../domain/localized-text.ts';
import type { ProductState } from '../domain/product.ts';
import { inUnits, type UnitSystem as UnitSystemName } from '../domain/units.ts';
import { canSeeProduct, seesEverything, sellsFor, textOf } from './access.ts';
import type { CatalogContext } from './context.ts';
import { Category, toCategory } from './category.type.ts';
import { listingsOf, priceRangeOf } from './listings.ts';
import { Offer, OfferConnection, toOffer } from './offer.type.ts';
import { ProductFilter, ProductOrder } from './product.input.ts';
import { productConnection, productQuery } from './product-list.ts';
import {
  Media,
  ModerationDecision,
  PriceRange,
  Product,
  ProductAttribute,
  ProductConnection,
  ProductModeration,
  ProductTranslation,
  ProductVariant,
  toMedia,
  toProduct,
  toVariant,
  UnitSystem,
} from './product.type.ts';
import { fieldsToRead } from './selection.ts';
import { afterDescription, firstDescription } from './shared.type.ts';
import { toVendor, Vendor } from './vendor.type.ts';

/** More than a page of candidates of search, and still one quick look into the store. */
const MAX_IDS = 500;

export const productReference = async (
  reference: { id?: unknown },
  { loaders, viewer }: CatalogContext,
): Promise<Product | null> => {
  const id = textOf(reference.id);
  const product = id ? await loaders.product.load(id) : null;
  return product && canSeeProduct(viewer, product) ? toProduct(product) : null;
};

@Resolver(() => Product)
export class ProductResolver {
  @Directive('@cacheControl(maxAge: 60)')
  @Directive('@apiScope(anyOf: ["catalog:read"])')
  @Query(() => Product, { nullable: true, description: 'One product; null when there is none you may see.' })
  async product(
    @Ctx() { loaders, viewer }: CatalogContext,
    @Arg('id', () => ID, { nullable: true, description: 'Its id. Give this or the slug.' }) id?: string,
    @Arg('slug', () => String, { nullable: true, description: 'What stands in its address.' }) slug?: string,
  ): Promise<Product | null> {
    if (Boolean(id) === Boolean(slug)) throw badUserInput('Give either id or slug.');
    const product = await (id ? loaders.product.load(id) : loaders.productBySlug.load(slug!));
    return product && canSeeProduct(viewer, product) ? toProduct(product) : null;
  }

  @Directive('@cacheControl(maxAge: 60)')
  @Directive('@apiScope(anyOf: ["catalog:read"])')
  @Query(() => ProductConnection, { description: 'Products, newest first unless told otherwise.' })
  async products(
    @Ctx() { deps, viewer, selected }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
    @Arg('filter', () => ProductFilter, { nullable: true, description: 'Which; all that are published when absent.' })
    filter?: ProductFilter,
    @Arg('orderBy', () => ProductOrder, { nullable: true, description: 'In which order; newest first when absent.' })
    orderBy?: ProductOrder,
  ): Promise<ProductConnection> {
    const query = productQuery({ first, after, filter, orderBy }, viewer);
    return productConnection(await deps.reads.productList(query, fieldsToRead(selected).product), query);
  }

  @Directive('@inaccessible')
  @Query(() => [ID], {
    description: 'Which of these products everybody may see, in no order. For the search service.',
  })
  async publishedProductIds(
    @Arg('ids', () => [ID], { description: 'At most 500.' }) ids: string[],
    @Ctx() { deps, viewer }: CatalogContext,
  ): Promise<readonly string[]> {
    requireService(viewer, 'search');
    if (ids.length > MAX_IDS) throw badUserInput(`At most ${MAX_IDS} products at a time.`);
    return deps.published.of(ids);
  }

  @FieldResolver(() => String, {
    description: 'In the language asked for, else a related one, else the one it was written in.',
  })
  title(
    @Root() { state }: Product,
    @Arg('language', () => LanguageTag, { nullable: true, description: 'The language wanted.' }) language?: string,
  ): string {
    return inLanguage(state.texts, language).title;
  }

  @FieldResolver(() => String, { nullable: true, description: 'As `title`; null when nobody has described it.' })
  description(
    @Root() { state }: Product,
    @Arg('language', () => LanguageTag, { nullable: true, description: 'The language wanted.' }) language?: string,
  ): string | null {
    return inLanguage(state.texts, language).description;
  }

  @Directive('@inaccessible')
  @FieldResolver(() => [ProductTranslation], {
    description: 'Its words in other languages than the one it was written in. For the search service.',
  })
  translations(@Root() { state }: Product): ProductTranslation[] {
    return state.texts.slice(1).map(({ language, title, description }) => ({ language, title, description }));
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Category, { nullable: true, description: 'Where it stands in the tree.' })
  async category(@Root() { state }: Product, @Ctx() { loaders, selected }: CatalogContext): Promise<Category | null> {
    // Those above it are asked for next: the whole path is one call.
    const above = selected.has('parent') ? state.categoryPath : [];
    const [category] = await Promise.all([state.categoryId, ...above].map((id) => loaders.category.load(id)));
    return category ? toCategory(category) : null;
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => [ProductAttribute], { description: 'What is said about it, at most 100.' })
  async attributes(
    @Root() { state }: Product,
    @Ctx() context: CatalogContext,
    @Arg('language', () => LanguageTag, {
      nullable: true,
      description: 'Labels in this language, else a related one, else as they were written.',
    })
    language?: string | null,
    @Arg('units', () => UnitSystem, {
      nullable: true,
      description: 'Measures in these units, to four digits. Absent: as the vendor has given them.',
    })
    units?: UnitSystemName | null,
  ): Promise<ProductAttribute[]> {
    const attributes = await described(state, state.attributes, { ...context, language });
    return units ? attributes.map((attribute) => inUnits(attribute, units)) : attributes;
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => [Media], { description: 'Its pictures and documents, the main one first, at most 20.' })
  media(@Root() { state }: Product): Media[] {
    return state.media.map(toMedia);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => [ProductVariant], { description: 'Its forms, at least one, at most 100.' })
  variants(@Root() { state }: Product): ProductVariant[] {
    return state.variants.map((variant) => toVariant(state, variant));
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => OfferConnection, {
    description: 'Who sells it, cheapest first. Vendors see their own offers whatever their status.',
  })
  async offers(
    @Root() { state }: Product,
    @Ctx() context: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<OfferConnection> {
    const page = pageRequest({ first, after }, { arity: 2 });
    const { visible } = await listingsOf(state, context);
    const [price, id] = page.after ?? [0, ''];
    if (typeof price !== 'number' || typeof id !== 'string') throw badUserInput('after is not a cursor of this list.');
    const rest = visible.filter(({ price: { amount }, id: own }) => amount > price || (amount === price && own > id));
    return toConnection(rest, page, { key: (offer) => [offer.price.amount, offer.id], node: toOffer });
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Offer, {
    nullable: true,
    description: 'The offer to show first, by stock, price and the vendor’s rating; null when nobody sells it.',
  })
  async featuredOffer(@Root() { state }: Product, @Ctx() context: CatalogContext): Promise<Offer | null> {
    const [best] = (await listingsOf(state, context)).forSale;
    return best ? toOffer(best) : null;
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => PriceRange, {
    nullable: true,
    description: 'Over all offers for sale; null when there is none.',
  })
  async priceRange(@Root() { state }: Product, @Ctx() context: CatalogContext): Promise<PriceRange | null> {
    return priceRangeOf((await listingsOf(state, context)).forSale);
  }

  @FieldResolver(() => ProductModeration, {
    nullable: true,
    description: 'What a moderator has said last. For its vendor and moderators; null for everybody else.',
  })
  moderation(@Root() { state }: Product, @Ctx() { viewer }: CatalogContext): ProductModeration | null {
    const { moderation, submittedBy } = state;
    if (!moderation || !(seesEverything(viewer) || sellsFor(viewer, submittedBy))) return null;
    const { decision, reason, at } = moderation;
    return { decision: ModerationDecision[decision as keyof typeof ModerationDecision], reason, at };
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Vendor, { nullable: true, description: 'The vendor that brought it in.' })
  submittedBy(@Root() { state }: Product): Vendor {
    return toVendor(state.submittedBy);
  }
}

/** The categories of a path are loaded together, and shared by all products of a list. */
export async function described(
  product: ProductState,
  values: readonly AttributeValue[],
  { loaders, language }: Pick<CatalogContext, 'loaders'> & { language?: string | null },
): Promise<ProductAttribute[]> {
  if (values.length === 0) return [];
  const path = await Promise.all(product.categoryPath.map((id) => loaders.category.load(id)));
  return describeAttributes(values, inheritedSchema(path.filter((category) => category !== null)), language);
}
