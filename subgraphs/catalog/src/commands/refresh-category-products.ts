import assert from 'node:assert';
import { appendToMongoOutbox } from '@marketgraph/platform/mongo';
import { productChanged } from '../events/out.ts';
import { inCatalogTransaction } from '../store/catalog-store.ts';
import { findCategories, findPendingCategory, saveRefreshProgress } from '../store/categories.ts';
import { listProductsBelow, productFields } from '../store/products.ts';
import { categoryPathOf } from './category-path.ts';
import type { CommandDeps } from './command-deps.ts';

const BATCH_PRODUCTS = 200;

/**
 * After a category was renamed, moved or redefined: gives the products below
 * it their new path and tells everybody, one batch per transaction. Where it
 * stands is remembered with the category, so that a restart goes on.
 */
export async function refreshCategoryProducts(deps: CommandDeps): Promise<'idle' | 'busy'> {
  const { store } = deps;
  const pending = await findPendingCategory(store);
  if (!pending) return 'idle';
  await inCatalogTransaction(store, async (transaction) => {
    const { session } = transaction;
    const products = await listProductsBelow(
      store,
      { categoryId: pending.id, after: pending.refreshFrom, limit: BATCH_PRODUCTS },
      session,
    );
    const own = await findCategories(store, [...new Set(products.map(({ categoryId }) => categoryId))], session);
    const all = await findCategories(store, [...new Set(own.flatMap(({ path }) => path))], session);
    const byId = new Map(all.map((category) => [category.id, category]));
    const now = deps.clock.now();
    const refreshed = products.map((product) => {
      const category = byId.get(product.categoryId);
      assert(category, 'a product stands in a category');
      const { place, path } = categoryPathOf(category, byId);
      return {
        path,
        product: { ...product, categoryPath: [...place.path], updatedAt: now, version: product.version + 1 },
      };
    });
    if (refreshed.length > 0) {
      await store.products.bulkWrite(
        refreshed.map(({ product }) => ({
          updateOne: {
            filter: { _id: product.id, version: product.version - 1 },
            update: { $set: productFields(product) },
          },
        })),
        { session },
      );
    }
    const events = refreshed.map(({ product, path }) => productChanged(product, { path, publicUrl: deps.publicUrl }));
    await appendToMongoOutbox(transaction, events, { ids: deps.ids, now });
    const last = products.length === BATCH_PRODUCTS ? products.at(-1)!.id : null;
    await saveRefreshProgress(store, { id: pending.id, from: pending.refreshFrom, to: last }, session);
  });
  return 'busy';
}
