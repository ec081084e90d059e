import assert from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { accept } from '@marketgraph/platform/core';
import type { ClientSession } from 'mongodb';
import { type CategoryDetails, type CategoryState, MAX_CATEGORY_DEPTH, placeCategory } from '../domain/category.ts';
import { type Outcome, refuse } from '../domain/outcome.ts';
import { categoryChanged } from '../events/out.ts';
import { isDuplicateKey } from '../store/catalog-store.ts';
import {
  findCategoriesBySlug,
  findCategory,
  findChildByName,
  findSubtree,
  insertCategory,
  saveCategory,
  savePaths,
} from '../store/categories.ts';
import { type CommandDeps, inCommand, type Work } from './command-deps.ts';

export interface UpsertCategory {
  trace?: string;
  id?: string | null;
  /** Undefined leaves a category where it stands; null makes it a root. */
  parentId?: string | null;
  details: CategoryDetails;
}

/** A tree with more than this below one category is moved in parts. */
const MAX_MOVED = 2_000;

/**
 * Creates a category or changes the one with this id, or else this slug. The
 * caller has made sure that an operator asks. Products below learn of a new
 * name or place afterwards, in batches (`refresh-category-products.ts`).
 */
export async function upsertCategory(deps: CommandDeps, command: UpsertCategory): Promise<Outcome<CategoryState>> {
  try {
    const outcome = await inCommand(deps, command, (work) => place(deps, command, work));
    if (outcome.ok) deps.nudge('categories');
    return outcome;
  } catch (error) {
    if (isDuplicateKey(error)) return refuse('CONFLICT', 'This slug or name was taken at the same moment.', ['slug']);
    throw error;
  }
}

async function place(
  deps: CommandDeps,
  { id, parentId, details }: UpsertCategory,
  { transaction: { session }, tell }: Work,
): Promise<Outcome<CategoryState>> {
  const { store } = deps;
  const [withSlug] = await findCategoriesBySlug(store, [details.slug], session);
  const existing = id ? await findCategory(store, id, session) : (withSlug ?? null);
  if (id && !existing) return refuse('NOT_FOUND', 'No such category.', ['id']);
  if (withSlug && withSlug.id !== existing?.id) return refuse('CONFLICT', 'This slug is taken.', ['slug']);

  const wantedParentId = parentId === undefined ? (existing?.parentId ?? null) : parentId;
  const parent = wantedParentId ? await findCategory(store, wantedParentId, session) : null;
  if (wantedParentId && !parent) return refuse('NOT_FOUND', 'No such category.', ['parentId']);
  const placed = placeCategory(existing, details, { id: existing?.id ?? deps.ids.next('cat'), parent });
  if (!placed.ok) return placed;
  const category = placed.value;

  const sibling = await findChildByName(store, { parentId: category.parentId, name: details.name }, session);
  if (sibling && sibling.id !== category.id) {
    return refuse('CONFLICT', 'There is a category of this name already.', ['name']);
  }
  if (!existing) {
    await insertCategory(store, category, session);
    tell(categoryChanged(category, null));
    return accept(category);
  }
  if (isDeepStrictEqual({ ...category, version: existing.version }, existing)) return accept(existing);
  if (!isDeepStrictEqual(category.path, existing.path)) {
    const moved = await moveSubtree(deps, existing, category, session);
    if (!moved.ok) return moved;
  }
  assert(await saveCategory(store, category, { refresh: true }, session), 'a transaction sees the version it read');
  tell(categoryChanged(category, existing));
  return accept(category);
}

async function moveSubtree(
  { store }: CommandDeps,
  from: CategoryState,
  to: CategoryState,
  session: ClientSession,
): Promise<Outcome<true>> {
  const below = (await findSubtree(store, from.id, session)).filter(({ id }) => id !== from.id);
  if (below.length > MAX_MOVED)
    return refuse('LIMIT_EXCEEDED', `More than ${MAX_MOVED} categories would move.`, ['parentId']);
  const moved = below.map((category) => ({
    ...category,
    path: [...to.path, ...category.path.slice(from.path.length)],
  }));
  if (moved.some(({ path }) => path.length > MAX_CATEGORY_DEPTH)) {
    return refuse('INVALID', `The category tree is at most ${MAX_CATEGORY_DEPTH} levels deep.`, ['parentId']);
  }
  await savePaths(store, moved, session);
  return accept(true);
}
