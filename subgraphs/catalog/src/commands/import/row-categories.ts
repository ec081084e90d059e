import type { ClientSession } from 'mongodb';
import { accept } from '@marketgraph/platform/core';
import { categoryNameKey, type CategoryState, placeCategory } from '../../domain/category.ts';
import type { CategoryReference } from '../../domain/import-row.ts';
import { type Outcome, refuse } from '../../domain/outcome.ts';
import { distinctSlug, slugOf } from '../../domain/slug.ts';
import { findCategories, findCategoriesBySlug, findChildrenByName, insertCategory } from '../../store/categories.ts';
import { type CategoryPath, categoryPathOf } from '../category-path.ts';
import type { CommandDeps } from '../command-deps.ts';

export type CategoryLookup = (reference: CategoryReference) => Outcome<CategoryPath>;

/**
 * Finds the categories of a batch of rows, a level of the tree at a time, and
 * makes those that a feed calls by a new name. Slugs are only looked up: a
 * feed that uses them knows our tree.
 */
export async function rowCategories(
  deps: CommandDeps,
  references: readonly CategoryReference[],
  { language, session }: { language: string; session: ClientSession },
): Promise<CategoryLookup> {
  const keyOf = keyMaker();
  const names = new Map<string, string[]>();
  for (const reference of references) if (reference.by === 'names') names.set(keyOf(reference), reference.parts);
  const bySlugs = await findBySlugs(deps, references, { keyOf, session });
  const byNames = await resolveNames(deps, names, { language, session });
  return (reference) => (reference.by === 'names' ? byNames : bySlugs).get(keyOf(reference)) ?? NOT_FOUND;
}

const NOT_FOUND = refuse('NOT_FOUND', 'There is no such category.', ['category']);

async function findBySlugs(
  { store }: CommandDeps,
  references: readonly CategoryReference[],
  { keyOf, session }: { keyOf: (reference: CategoryReference) => string; session: ClientSession },
): Promise<Map<string, Outcome<CategoryPath>>> {
  const found = new Map<string, Outcome<CategoryPath>>();
  const wanted = references.filter(({ by }) => by === 'slugs');
  if (wanted.length === 0) return found;
  const categories = await findCategoriesBySlug(store, [...new Set(wanted.map(({ parts }) => parts.at(-1)!))], session);
  const ancestors = await findCategories(store, [...new Set(categories.flatMap(({ path }) => path))], session);
  const byId = new Map(ancestors.map((category) => [category.id, category]));
  for (const reference of wanted) {
    const category = categories.find(({ slug }) => slug === reference.parts.at(-1));
    const path = category && categoryPathOf(category, byId);
    // `lamps` is enough to name a category; what stands before it must be its ancestors.
    const slugs = path?.path.map(({ slug }) => slug).slice(-reference.parts.length);
    if (path && slugs?.join('/') === reference.parts.join('/')) found.set(keyOf(reference), accept(path));
  }
  return found;
}

async function resolveNames(
  deps: CommandDeps,
  wanted: ReadonlyMap<string, string[]>,
  { language, session }: { language: string; session: ClientSession },
): Promise<Map<string, Outcome<CategoryPath>>> {
  const resolved = new Map<string, Outcome<CategoryPath>>();
  let level = [...wanted].map(([key, names]) => ({ key, names, path: [] as CategoryState[] }));
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
        const made = await makeCategory(deps, { name, language, parent, session });
        if (!made.ok) {
          resolved.set(key, made);
          continue;
        }
        child = made.value;
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
  deps: CommandDeps,
  {
    name,
    language,
    parent,
    session,
  }: { name: string; language: string; parent: CategoryState | null; session: ClientSession },
): Promise<Outcome<CategoryState>> {
  const id = deps.ids.next('cat');
  const slug = slugOf(name, 'category');
  const [taken] = await findCategoriesBySlug(deps.store, [slug], session);
  const details = { slug: taken ? distinctSlug(slug, id) : slug, name, language };
  const placed = placeCategory(null, details, { id, parent, origin: 'IMPORT' });
  if (placed.ok) await insertCategory(deps.store, placed.value, session);
  return placed;
}

/** A feed names few categories and each of them often: what reads the same is folded once. */
function keyMaker(): (reference: CategoryReference) => string {
  const keys = new Map<string, string>();
  return ({ parts }) => {
    const written = parts.join('\n');
    const known = keys.get(written);
    if (known !== undefined) return known;
    const key = parts.map(categoryNameKey).join('\n');
    keys.set(written, key);
    return key;
  };
}
