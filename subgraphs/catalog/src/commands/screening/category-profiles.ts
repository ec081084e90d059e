import { nameOf, type CategoryState } from '../../domain/category.ts';
import { type CategoryProfile, profileOf } from '../../domain/screening/category-profile.ts';
import type { Surroundings } from '../../domain/screening/screen-listing.ts';
import { findCategories, findChildren } from '../../store/categories.ts';
import { sampleCategory } from '../../store/screening.ts';
import type { CommandDeps } from '../command-deps.ts';

/** So many products tell what is usual in a category, however large it is. */
const SAMPLE = 1_000;
/** How many categories beside its own a product is compared with, at each level. */
const MAX_RIVALS = 50;
const MAX_KEPT = 500;
/** What is usual changes slowly; what was too small to judge grows meanwhile. */
const LIFETIME_MS = 60_000;

export interface CategoryProfiles {
  levelsOf(path: readonly string[]): Promise<Surroundings['levels']>;
}

/** Profiles are a view of the store, made when they are needed and kept for a minute. */
export function categoryProfiles({ store, clock }: Pick<CommandDeps, 'store' | 'clock'>): CategoryProfiles {
  const profiles = new Map<string, { madeAt: number; profile: Promise<CategoryProfile> }>();
  const levels = new Map<string, { madeAt: number; level: Promise<Surroundings['levels'][number]> }>();
  const paths = new Map<string, { madeAt: number; levels: Promise<Surroundings['levels']> }>();

  const kept = <T extends { madeAt: number }>(cache: Map<string, T>, key: string, make: (madeAt: number) => T): T => {
    const now = clock.now().getTime();
    const known = cache.get(key);
    if (known && now - known.madeAt < LIFETIME_MS) return known;
    cache.delete(key);
    if (cache.size >= MAX_KEPT) cache.delete(cache.keys().next().value!);
    const made = make(now);
    cache.set(key, made);
    return made;
  };
  const profile = (category: CategoryState) =>
    kept(profiles, category.id, (madeAt) => ({
      madeAt,
      profile: sampleCategory(store, category.id, SAMPLE).then((products) =>
        profileOf({ id: category.id, name: nameOf(category) }, products),
      ),
    })).profile;
  const levelOf = async (category: CategoryState) => {
    const siblings = (await findChildren(store, [category.parentId])).filter(({ id }) => id !== category.id);
    const rivals = await Promise.all(siblings.slice(0, MAX_RIVALS).map(profile));
    return { own: await profile(category), rivals };
  };

  const levelsOfPath = async (path: readonly string[]): Promise<Surroundings['levels']> => {
    const categories = new Map((await findCategories(store, path)).map((category) => [category.id, category]));
    return Promise.all(
      path
        .flatMap((id) => categories.get(id) ?? [])
        .map((category) => kept(levels, category.id, (madeAt) => ({ madeAt, level: levelOf(category) })).level),
    );
  };

  return {
    async levelsOf(path) {
      try {
        return await kept(paths, path.join(' '), (madeAt) => ({ madeAt, levels: levelsOfPath(path) })).levels;
      } catch (error) {
        // What could not be read a moment ago is read anew, not failed again for a minute.
        for (const cache of [profiles, levels, paths]) cache.clear();
        throw error;
      }
    },
  };
}
