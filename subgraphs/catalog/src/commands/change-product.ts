import assert from 'node:assert';
import type { ClientSession } from 'mongodb';
import type { Outcome } from '../domain/outcome.ts';
import type { ProductState } from '../domain/product.ts';
import { listingsChanged, productChanged } from '../events/out.ts';
import { listingsToTell } from '../store/offers.ts';
import { findProduct, saveProduct } from '../store/products.ts';
import { type CategoryPath, loadCategoryPath } from './category-path.ts';
import { type CommandDeps, inCommand, type Work } from './command-deps.ts';

/**
 * Load, decide, save and tell for whatever changes one product. Inside the
 * transaction nobody else can have saved in between: a second writer loses by
 * a write conflict and decides anew from what the first one left.
 */
export async function changeProduct(
  deps: CommandDeps,
  {
    id,
    trace,
    also,
  }: {
    id: string;
    trace?: string;
    /** What else changes in the same transaction. */
    also?(next: ProductState, work: Work, now: Date): Promise<void>;
  },
  decide: (
    product: ProductState | null,
    facts: { category: CategoryPath | null; now: Date; session: ClientSession },
  ) => Outcome<ProductState> | Promise<Outcome<ProductState>>,
): Promise<Outcome<ProductState>> {
  let isTakenDown = false;
  const outcome = await inCommand<Outcome<ProductState>>(deps, { trace }, async (work) => {
    isTakenDown = false;
    const { transaction, tell } = work;
    const { session } = transaction;
    const now = deps.clock.now();
    const product = await findProduct(deps.store, id, session);
    const category = product && (await loadCategoryPath(deps.store, product.categoryId, session));
    const decided = await decide(product, { category, now, session });
    if (!decided.ok || decided.value === product) return decided;
    assert(category, 'a product stands in a category');
    const next = { ...decided.value, categoryPath: [...category.place.path] };
    assert(await saveProduct(deps.store, next, session), 'a transaction sees the version it read');
    tell(productChanged(next, { path: category.path, publicUrl: deps.publicUrl }));
    if ((product?.status === 'PUBLISHED') !== (next.status === 'PUBLISHED')) {
      const listings = await listingsToTell(deps.store, { productId: next.id }, session);
      if (listings.length > 0) tell(listingsChanged(listings, { key: next.id, sequence: next.version }));
    }
    await also?.(next, work, now);
    isTakenDown = product?.status === 'PUBLISHED' && next.status !== 'PUBLISHED';
    return { ok: true, value: next };
  });
  if (isTakenDown) await deps.published.takenDown();
  return outcome;
}
