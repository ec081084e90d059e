import { Arg, Ctx, ID, Int, Mutation, Resolver } from 'type-graphql';
import { IdempotencyKey, requireRole } from '@marketgraph/platform/graphql';
import { archiveProduct } from '../commands/archive-product.ts';
import { createProductDraft } from '../commands/create-product.ts';
import { moderateProduct } from '../commands/moderate-product.ts';
import { submitProduct } from '../commands/submit-product.ts';
import { updateProduct } from '../commands/update-product.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { ProductState } from '../domain/product.ts';
import { requireSeller } from './access.ts';
import { actorOf, type CatalogContext, runCommand } from './context.ts';
import { ProductPayload, settled } from './payload.type.ts';
import { ProductInput, ProductModerateInput, ProductUpdateInput } from './product.input.ts';
import { toProduct } from './product.type.ts';

@Resolver()
export class ProductMutationResolver {
  @Mutation(() => ProductPayload, { description: 'Creates a draft. It is seen by its vendor and by moderators.' })
  async productCreate(
    @Ctx() context: CatalogContext,
    @Arg('input', () => ProductInput, { description: 'The product.' }) input: ProductInput,
    @Arg('idempotencyKey', () => IdempotencyKey, {
      nullable: true,
      description: 'The same key again gives the same product.',
    })
    idempotencyKey?: string,
  ): Promise<ProductPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const { vendorId, categoryId, mediaUploadIds, title, description, brand, translations, attributes, variants } =
      input;
    const language = context.deps.defaultLanguage;
    const details = { title, description, brand, language, translations, attributes, variants };
    const command = { actor, vendorId, categoryId, details, mediaUploadIds: mediaUploadIds ?? [], idempotencyKey };
    return payload(await runCommand(context, (deps) => createProductDraft(deps, command)));
  }

  @Mutation(() => ProductPayload, { description: 'Changes a product of yours. What is published stays so.' })
  async productUpdate(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'The product.' }) id: string,
    @Arg('input', () => ProductUpdateInput, { description: 'What is to be different.' }) input: ProductUpdateInput,
    @Arg('expectedVersion', () => Int, { description: 'The version you have read.' }) expectedVersion: number,
  ): Promise<ProductPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    const { mediaUploadIds, title, description, attributes, translations } = input;
    const command = {
      actor,
      id,
      expectedVersion,
      mediaUploadIds,
      change: { title, description, attributes, translations },
    };
    return payload(await runCommand(context, (deps) => updateProduct(deps, command)));
  }

  @Mutation(() => ProductPayload, { description: 'Asks for a product of yours to be put into the shop.' })
  async productSubmitForReview(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'The product.' }) id: string,
  ): Promise<ProductPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    return payload(await runCommand(context, (deps) => submitProduct(deps, { actor, id })));
  }

  @Mutation(() => ProductPayload, { description: 'A moderator’s verdict on a product.' })
  async productModerate(
    @Ctx() context: CatalogContext,
    @Arg('input', () => ProductModerateInput, { description: 'The verdict.' }) input: ProductModerateInput,
  ): Promise<ProductPayload> {
    const { userId } = requireRole(context.viewer, 'MODERATOR', 'OPERATOR');
    const { id, decision, reason } = input;
    const command = { moderator: { userId, trace: context.traceparent }, id, decision, reason };
    return payload(await runCommand(context, (deps) => moderateProduct(deps, command)));
  }

  @Mutation(() => ProductPayload, { description: 'Takes a product of yours out of the shop for good.' })
  async productArchive(
    @Ctx() context: CatalogContext,
    @Arg('id', () => ID, { description: 'The product.' }) id: string,
    @Arg('expectedVersion', () => Int, { description: 'The version you have read.' }) expectedVersion: number,
  ): Promise<ProductPayload> {
    const actor = actorOf(context, requireSeller(context.viewer));
    return payload(await runCommand(context, (deps) => archiveProduct(deps, { actor, id, expectedVersion })));
  }
}

function payload(outcome: Outcome<ProductState>): ProductPayload {
  const { value, userErrors } = settled(outcome, toProduct);
  return { product: value, userErrors };
}
