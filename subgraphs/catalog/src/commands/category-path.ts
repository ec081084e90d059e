import type { ClientSession } from 'mongodb';
import { inheritedSchema } from '../domain/attribute-schema.ts';
import type { CategoryState } from '../domain/category.ts';
import type { CategoryPlace } from '../domain/product.ts';
import { type CatalogStore } from '../store/catalog-store.ts';
import { findCategories, findCategory } from '../store/categories.ts';

/** A category with its ancestors, root first. */
export interface CategoryPath {
  place: CategoryPlace;
  path: CategoryState[];
}

export async function loadCategoryPath(
  store: CatalogStore,
  categoryId: string,
  session?: ClientSession,
): Promise<CategoryPath | null> {
  const category = await findCategory(store, categoryId, session);
  if (!category) return null;
  const ancestors = await findCategories(store, category.path.slice(0, -1), session);
  return categoryPathOf(category, new Map(ancestors.map((ancestor) => [ancestor.id, ancestor])));
}

export function categoryPathOf(category: CategoryState, known: ReadonlyMap<string, CategoryState>): CategoryPath {
  const path = category.path.flatMap((id) => (id === category.id ? category : (known.get(id) ?? [])));
  return { path, place: { id: category.id, path: category.path, definitions: inheritedSchema(path) } };
}
