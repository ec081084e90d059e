import type { ClientSession } from 'mongodb';
import { accept } from '@marketgraph/platform/core';
import { categoryNameKey, type CategoryState, placeCategory } from '../../domain/category.ts';
import type { CategoryReference } from '../../domain/import-row.ts';
import { type Outcome, refuse } from '../../domain/outcome.ts';
import { distinctSlug, slugOf } from '../../domain/slug.ts';
import { findCategories, findCategoriesBySlug, findChildrenByName } from '../../store/categories.ts';
import { type CategoryPath, categoryPathOf } from '../category-path.ts';
import type { ImportDeps } from '../command-deps.ts';

export interface RowCategories {
  find(reference: CategoryReference): Outcome<CategoryPath>;
  /** Those that a feed calls by a new name, parents before their children; they are to be inserted with its products. */
  made: readonly CategoryState[];
}

/** Categories that a feed has named before, as they were then: whoever writes by them looks whether they still are. */
export type KeptCategories = Map<string, CategoryPath>;

/** A feed has few categories; of one with more these are looked up again. */
const MAX_KEPT = 2_000;

interface Look {
  language: string;
  session: ClientSession | undefined;
}

/**
 * Finds the categories of a batch of rows, a level of the tree at a time, and
 * makes those that a feed calls by a new name. Slugs are only looked up: a
 * feed that uses them knows our tree.
 */
export async function rowCategories(
  deps: ImportDeps,
  references: readonly CategoryReference[],
  look: Look & { kept?: KeptCategories },
): Promise<RowCategories> {
  const { kept = new Map<string, CategoryPath>() } = look;
  if (kept.size > MAX_KEPT) kept.clear();
  const keyOf = keyMaker();
  // Of its own: what is kept may be forgotten while this batch is planned, because the one before was outdated.
  const known = new Map<string, CategoryPath>();
  const wanted = new Map<string, CategoryReference>();
  for (const reference of references) {
    const key = keyOf(reference);
    const path = kept.get(key);
    if (path) known.set(key, path);
    else wanted.set(key, reference);
  }
  const made: CategoryState[] = [];
  const found = new Map([
    ...(await findBySlugs(deps, wanted, look)),
    ...(await resolveNames(deps, wanted, { ...look, made })),
  ]);
  const isNew = new Set(made.map(({ id }) => id));
  // What is made here is there when it is written, not before.
  for (const [key, path] of found) if (path.ok && !isNew.has(path.value.place.id)) kept.set(key, path.value);
  return {
    find: (reference) => {
      const key = keyOf(reference);
      const path = known.get(key);
      return path ? accept(path) : (found.get(key) ?? NOT_FOUND);
    },
    made,
  };
}

const NOT_FOUND = refuse('NOT_FOUND', 'There is no such category.', ['category']);

async function findBySlugs(
  { store }: ImportDeps,
  references: ReadonlyMap<string, CategoryReference>,
  { session }: Look,
): Promise<Map<string, Outcome<CategoryPath>>> {
  const found = new Map<string, Outcome<CategoryPath>>();
  const wanted = [...references].filter(([, { by }]) => by === 'slugs');
  if (wanted.length === 0) return found;
  const slugs = new Set(wanted.map(([, { parts }]) => parts.at(-1)!));
  const categories = await findCategoriesBySlug(store, [...slugs], session);
  const ancestors = await findCategories(store, [...new Set(categories.flatMap(({ path }) => path))], session);
  const byId = new Map(ancestors.map((category) => [category.id, category]));
  for (const [key, { parts }] of wanted) {
    const category = categories.find(({ slug }) => slug === parts.at(-1));
    const path = category && categoryPathOf(category, byId);
    // `lamps` is enough to name a category; what stands before it must be its ancestors.
    const last = path?.path.map(({ slug }) => slug).slice(-parts.length);
    if (path && last?.join('/') === parts.join('/')) found.set(key, accept(path));
  }
  return found;
}

async function resolveNames(
  deps: ImportDeps,
  references: ReadonlyMap<string, CategoryReference>,
  { language, session, made }: Look & { made: CategoryState[] },
): Promise<Map<string, Outcome<CategoryPath>>> {
  const resolved = new Map<string, Outcome<CategoryPath>>();
  let level = [...references].flatMap(([key, { by, parts }]) =>
    by === 'names' ? [{ key, names: parts, path: [] as CategoryState[] }] : [],
  );
  for (let depth = 0; level.length > 0; depth += 1) {
    const steps = level.map(({ names, path }) => ({ parentId: path.at(-1)?.id ?? null, name: names[depth]! }));
    const children = await findChildrenByName(deps.store, steps, session);
    const known = new Map(
      children.map((child) => [`${child.parentId}\n${categoryNameKey(child.names[0]!.name)}`, child]),
    );
    const deeper: typeof level = [];
    for (const { key, names, path } of level) {
      const name = names[depth]!;
      const parent = path.at(-1) ?? null;
      const childKey = `${parent?.id ?? null}\n${categoryNameKey(name)}`;
      let child = known.get(childKey);
      if (!child) {
        const placed = await makeCategory(deps, { name, language, parent, session, made });
        if (!placed.ok) {
          resolved.set(key, placed);
          continue;
        }
        child = placed.value;
        made.push(child);
        known.set(childKey, child);
      }
      const next = [...path, child];
      if (next.length < names.length) deeper.push({ key, names, path: next });
      else resolved.set(key, accept(categoryPathOf(child, new Map(next.map((category) => [category.id, category])))));
    }
    level = deeper;
  }
  return resolved;
}

async function makeCategory(
  deps: ImportDeps,
  {
    name,
    language,
    parent,
    session,
    made,
  }: Look & { name: string; parent: CategoryState | null; made: readonly CategoryState[] },
): Promise<Outcome<CategoryState>> {
  const id = deps.ids.next('cat');
  const slug = slugOf(name, 'category');
  const isTaken =
    made.some((category) => category.slug === slug) ||
    (await findCategoriesBySlug(deps.store, [slug], session)).length > 0;
  const details = { slug: isTaken ? distinctSlug(slug, id) : slug, name, language };
  return placeCategory(null, details, { id, parent, origin: 'IMPORT' });
}

/** A feed names few categories and each of them often: what reads the same is folded once. */
function keyMaker(): (reference: CategoryReference) => string {
  const keys = new Map<string, string>();
  return ({ by, parts }) => {
    const written = `${by}\n${parts.join('\n')}`;
    const known = keys.get(written);
    if (known !== undefined) return known;
    const key = by === 'slugs' ? written : `${by}\n${parts.map(categoryNameKey).join('\n')}`;
    keys.set(written, key);
    return key;
  };
}
