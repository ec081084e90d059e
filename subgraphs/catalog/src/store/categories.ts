import { categoryNameKey, type CategoryState, nameOf } from '../domain/category.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface CategoryDocument extends Omit<CategoryState, 'id'> {
  _id: string;
  /** Folded name: one per parent. */
  nameKey: string;
  /** Present while products below still have to learn of a new name or place: the last product told, '' at first. */
  refreshFrom?: string;
}

/** A menu longer than this needs a search, not a list. */
const MAX_CHILDREN = 1_000;

export function toCategoryState(document: CategoryDocument): CategoryState {
  const { _id, nameKey: _key, refreshFrom: _from, ...state } = document;
  return { id: _id, ...state };
}

export async function findCategories(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
): Promise<CategoryState[]> {
  const documents = await store.categories.find({ _id: { $in: [...ids] } }, { session }).toArray();
  return documents.map(toCategoryState);
}

export async function findCategory(store: CatalogStore, id: string, session?: Session): Promise<CategoryState | null> {
  return (await findCategories(store, [id], session))[0] ?? null;
}

/** Index `slug`. */
export async function findCategoriesBySlug(
  store: CatalogStore,
  slugs: readonly string[],
  session?: Session,
): Promise<CategoryState[]> {
  const documents = await store.categories.find({ slug: { $in: [...slugs] } }, { session }).toArray();
  return documents.map(toCategoryState);
}

/** Index `siblingName`. Children of all the parents at once, by name; `null` asks for the roots. */
export async function findChildren(
  store: CatalogStore,
  parentIds: readonly (string | null)[],
): Promise<CategoryState[]> {
  const documents = await store.categories
    .find({ parentId: { $in: [...parentIds] } })
    .sort({ parentId: 1, nameKey: 1 })
    .limit(MAX_CHILDREN * parentIds.length)
    .toArray();
  return documents.map(toCategoryState);
}

/** Index `siblingName`. */
export async function findChildByName(
  store: CatalogStore,
  { parentId, name }: { parentId: string | null; name: string },
  session: Session,
): Promise<CategoryState | null> {
  const document = await store.categories.findOne({ parentId, nameKey: categoryNameKey(name) }, { session });
  return document && toCategoryState(document);
}

/** Index `siblingName`. Those that exist of several children at once. */
export async function findChildrenByName(
  store: CatalogStore,
  children: readonly { parentId: string | null; name: string }[],
  session: Session,
): Promise<CategoryState[]> {
  if (children.length === 0) return [];
  const documents = await store.categories
    .find(
      {
        parentId: { $in: [...new Set(children.map(({ parentId }) => parentId))] },
        nameKey: { $in: [...new Set(children.map(({ name }) => categoryNameKey(name)))] },
      },
      { session },
    )
    .toArray();
  return documents.map(toCategoryState);
}

export async function insertCategory(store: CatalogStore, category: CategoryState, session: Session): Promise<void> {
  await store.categories.insertOne({ _id: category.id, ...categoryFields(category) }, { session });
}

export async function insertCategories(
  store: CatalogStore,
  categories: readonly CategoryState[],
  session: Session,
): Promise<void> {
  if (categories.length === 0) return;
  await store.categories.insertMany(
    categories.map((category) => ({ _id: category.id, ...categoryFields(category) })),
    { session },
  );
}

/** Whether all of these are as they were read: an ancestor that was moved or renamed has another version, too. */
export async function areUnchanged(
  store: CatalogStore,
  categories: readonly CategoryState[],
  session: Session,
): Promise<boolean> {
  if (categories.length === 0) return true;
  const ids = categories.map(({ id }) => id);
  const found = await store.categories
    .find({ _id: { $in: ids } }, { session, projection: { version: 1 }, batchSize: ids.length + 1 })
    .toArray();
  const versions = new Map(found.map(({ _id, version }) => [_id, version]));
  return categories.every(({ id, version }) => versions.get(id) === version);
}

/** `refresh` asks for the products below to be told. Concurrency: as `saveProduct`. */
export async function saveCategory(
  store: CatalogStore,
  category: CategoryState,
  { refresh }: { refresh: boolean },
  session: Session,
): Promise<boolean> {
  const result = await store.categories.updateOne(
    { _id: category.id, version: category.version - 1 },
    { $set: { ...categoryFields(category), ...(refresh ? { refreshFrom: '' } : {}) } },
    { session },
  );
  return result.matchedCount === 1;
}

/** Index `pending`. A category whose products still have to learn of its change. */
export async function findPendingCategory(store: CatalogStore): Promise<{ id: string; refreshFrom: string } | null> {
  const document = await store.categories.findOne(
    { refreshFrom: { $exists: true } },
    { projection: { refreshFrom: 1 } },
  );
  return document && { id: document._id, refreshFrom: document.refreshFrom ?? '' };
}

/** Concurrency: when the category was changed again meanwhile, `refreshFrom` begins anew and this changes nothing. */
export async function saveRefreshProgress(
  store: CatalogStore,
  { id, from, to }: { id: string; from: string; to: string | null },
  session: Session,
): Promise<void> {
  await store.categories.updateOne(
    { _id: id, refreshFrom: from },
    to === null ? { $unset: { refreshFrom: '' } } : { $set: { refreshFrom: to } },
    { session },
  );
}

/** Index `path`. The whole subtree, the category itself included. */
export async function findSubtree(store: CatalogStore, id: string, session: Session): Promise<CategoryState[]> {
  const documents = await store.categories.find({ path: id }, { session }).toArray();
  return documents.map(toCategoryState);
}

/** Moves what stands below a category with it. */
export async function savePaths(
  store: CatalogStore,
  categories: readonly CategoryState[],
  session: Session,
): Promise<void> {
  if (categories.length === 0) return;
  await store.categories.bulkWrite(
    categories.map(({ id, path }) => ({ updateOne: { filter: { _id: id }, update: { $set: { path } } } })),
    { session },
  );
}

function categoryFields(category: CategoryState): Omit<CategoryDocument, '_id' | 'refreshFrom'> {
  const { id: _id, ...state } = category;
  return { ...state, nameKey: categoryNameKey(nameOf(category)) };
}
