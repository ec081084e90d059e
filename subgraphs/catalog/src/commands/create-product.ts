import { accept } from '@marketgraph/platform/core';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { type Actor, checkActsFor } from '../domain/ownership.ts';
import { createProduct, type ProductDetails, type ProductState } from '../domain/product.ts';
import { distinctSlug, slugOf } from '../domain/slug.ts';
import { productChanged } from '../events/out.ts';
import { earlierResult, rememberCall } from '../store/idempotency.ts';
import { findProduct, insertProduct, takenSlugs } from '../store/products.ts';
import { attachMedia } from './attach-media.ts';
import { loadCategoryPath } from './category-path.ts';
import { checkSeller } from './check-seller.ts';
import { type CommandDeps, inCommand } from './command-deps.ts';

export interface CreateProduct {
  actor: Actor;
  vendorId: string;
  categoryId: string;
  details: ProductDetails;
  mediaUploadIds: readonly string[];
  idempotencyKey?: string | null;
}

/** A new product is a draft: nobody but its vendor and moderators sees it before it was approved. */
export async function createProductDraft(deps: CommandDeps, command: CreateProduct): Promise<Outcome<ProductState>> {
  const { actor, vendorId, categoryId, details, mediaUploadIds, idempotencyKey } = command;
  const acts = checkActsFor(actor, vendorId);
  if (!acts.ok) return acts;
  const seller = await checkSeller(deps, vendorId);
  if (!seller.ok) return seller;
  const call = idempotencyKey
    ? {
        principal: actor.userId,
        operation: 'productCreate',
        key: idempotencyKey,
        input: { vendorId, categoryId, details, mediaUploadIds },
      }
    : undefined;
  return inCommand<Outcome<ProductState>>(deps, actor, async ({ transaction: { session }, tell }) => {
    const earlier = call ? await earlierResult(deps.store, call, session) : accept(undefined);
    if (!earlier.ok) return earlier;
    if (earlier.value) return accept((await findProduct(deps.store, earlier.value, session))!);

    const category = await loadCategoryPath(deps.store, categoryId, session);
    if (!category) return refuse('NOT_FOUND', 'No such category.', ['categoryId']);
    const media = await attachMedia(deps, { actor, uploadIds: mediaUploadIds, shown: [], session });
    if (!media.ok) return media;
    const id = deps.ids.next('prd');
    const slug = slugOf(details.title, 'product');
    const taken = await takenSlugs(deps.store, [slug], session);
    const product = createProduct(details, {
      id,
      slug: taken.has(slug) ? distinctSlug(slug, id) : slug,
      vendorId,
      category: category.place,
      media: media.value,
      nextVariantId: () => deps.ids.next('var'),
      now: deps.clock.now(),
    });
    if (!product.ok) return product;
    await insertProduct(deps.store, product.value, session);
    if (call) await rememberCall(deps.store, call, { result: id, now: deps.clock.now() }, session);
    tell(productChanged(product.value, { path: category.path, publicUrl: deps.publicUrl }));
    return product;
  });
}
