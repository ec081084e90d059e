import { Arg, Ctx, Directive, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { badUserInput, LanguageTag, requireRole } from '@marketgraph/platform/graphql';
import { upsertCategory } from '../commands/upsert-category.ts';
import { inLanguage } from '../domain/localized-text.ts';
import { textOf } from './access.ts';
import { CategoryInput } from './category.input.ts';
import { Category, toCategory } from './category.type.ts';
import { type CatalogContext, runCommand } from './context.ts';
import { ROOTS } from './loaders.ts';
import { CategoryPayload, settled } from './payload.type.ts';
import { productConnection, productPage } from './product-list.ts';
import { ProductConnection } from './product.type.ts';
import { afterDescription, firstDescription } from './shared.type.ts';

export const categoryReference = async (
  reference: { id?: unknown },
  { loaders }: CatalogContext,
): Promise<Category | null> => {
  const id = textOf(reference.id);
  const category = id ? await loaders.category.load(id) : null;
  return category && toCategory(category);
};

@Resolver(() => Category)
export class CategoryResolver {
  @Directive('@cacheControl(maxAge: 60)')
  @Directive('@apiScope(anyOf: ["catalog:read"])')
  @Query(() => Category, { nullable: true, description: 'One category; null when there is none.' })
  async category(
    @Ctx() { loaders }: CatalogContext,
    @Arg('id', () => ID, { nullable: true, description: 'Its id. Give this or the slug.' }) id?: string,
    @Arg('slug', () => String, { nullable: true, description: 'What stands in its address.' }) slug?: string,
  ): Promise<Category | null> {
    if (Boolean(id) === Boolean(slug)) throw badUserInput('Give either id or slug.');
    const category = await (id ? loaders.category.load(id) : loaders.categoryBySlug.load(slug!));
    return category && toCategory(category);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @Directive('@apiScope(anyOf: ["catalog:read"])')
  @Query(() => [Category], {
    description: 'The categories below one, by name; those at the top when none is named. At most 1,000.',
  })
  async categories(
    @Ctx() { loaders }: CatalogContext,
    @Arg('parentId', () => ID, { nullable: true, description: 'The category above.' }) parentId?: string,
  ): Promise<Category[]> {
    return (await loaders.childrenOf.load(parentId ?? ROOTS)).map(toCategory);
  }

  @Mutation(() => CategoryPayload, { description: 'Creates a category or changes one. For operators.' })
  async categoryUpsert(
    @Ctx() context: CatalogContext,
    @Arg('input', () => CategoryInput, { description: 'The category.' }) input: CategoryInput,
  ): Promise<CategoryPayload> {
    requireRole(context.viewer, 'OPERATOR');
    const { id, parentId, slug, name, attributeSchema, translations } = input;
    const details = { slug, name, language: context.deps.defaultLanguage, translations, attributeSchema };
    const outcome = await runCommand(context, (deps) =>
      upsertCategory(deps, { trace: context.traceparent, id, parentId, details }),
    );
    const { value, userErrors } = settled(outcome, toCategory);
    return { category: value, userErrors };
  }

  @FieldResolver(() => String, {
    description: 'In the language asked for, else a related one, else the one it was written in.',
  })
  name(
    @Root() { state }: Category,
    @Arg('language', () => LanguageTag, { nullable: true, description: 'The language wanted.' }) language?: string,
  ): string {
    return inLanguage(state.names, language).name;
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => Category, { nullable: true, description: 'The category above; null at the top.' })
  async parent(@Root() { state }: Category, @Ctx() { loaders }: CatalogContext): Promise<Category | null> {
    const parent = state.parentId ? await loaders.category.load(state.parentId) : null;
    return parent && toCategory(parent);
  }

  @Directive('@cacheControl(maxAge: 60)')
  @FieldResolver(() => [Category], { description: 'The categories below, by name.' })
  async children(@Root() { id }: Category, @Ctx() { loaders }: CatalogContext): Promise<Category[]> {
    return (await loaders.childrenOf.load(id)).map(toCategory);
  }

  @FieldResolver(() => ProductConnection, { description: 'What is published in here and below, newest first.' })
  async products(
    @Root() { id }: Category,
    @Ctx() { loaders }: CatalogContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: firstDescription }) first?: number,
    @Arg('after', () => String, { nullable: true, description: afterDescription }) after?: string,
  ): Promise<ProductConnection> {
    const page = productPage({ first, after }, { statuses: ['PUBLISHED'] });
    return productConnection(await loaders.productsOfCategory.load({ id, page }), page);
  }
}
