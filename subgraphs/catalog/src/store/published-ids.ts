import type { SharedMark } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { ReadByIds } from './reads-together.ts';

/**
 * Which products everybody may see, asked by every search of each of its hits. What was found to be published is known
 * until a product is taken down, by this process or another one.
 */
export interface PublishedIds {
  /** Those of the ids that everybody may see, in no order. */
  of(ids: readonly string[]): Promise<readonly string[]>;
  /**
   * To be called when a product has stopped being published: resolves when no process answers from what it knew before.
   * Whoever is told after that of the takedown sees it in the next search, wherever that is answered.
   */
  takenDown(): Promise<void>;
}

export interface PublishedIdsOptions {
  /** Asks the store. */
  find: ReadByIds<string>;
  /** Stands for what is published, for every process of the catalog. */
  mark: SharedMark;
  /** As many are known at a time; 0: none, the store is always asked. */
  maxIds: number;
  log: Logger;
  /** Milliseconds that only grow. */
  now?(): number;
}

/**
 * For what renewed no mark: a process that died, or lost Redis alone, right after it had taken something down, and
 * whoever writes to the store without this service.
 */
export const KNOWN_MS = 10_000;

export function publishedIds({
  find,
  mark,
  maxIds,
  log,
  now = () => performance.now(),
}: PublishedIdsOptions): PublishedIds {
  let known = new Set<string>();
  let word: string | undefined;
  let since = 0;

  const forget = (current: string | undefined): void => {
    // Another set: what is on its way is added to the one it was asked under.
    known = new Set();
    word = current;
    since = now();
  };
  return {
    async of(ids) {
      const current = maxIds === 0 ? null : await mark.read();
      if (current === null) {
        // What is taken down while Redis is away leaves the mark as it was.
        forget(undefined);
        return find(ids);
      }
      if (current !== word || now() - since >= KNOWN_MS) forget(current);
      const own = known;
      const missing = ids.filter((id) => !own.has(id));
      if (missing.length === 0) return ids;
      const found = await find(missing);
      if (own.size + found.length > maxIds && own === known) forget(current);
      else for (const id of found) own.add(id);
      if (missing.length === ids.length) return found;
      const news = new Set(missing);
      return [...ids.filter((id) => !news.has(id)), ...found];
    },
    async takenDown() {
      forget(undefined);
      try {
        await mark.renewEverywhere();
      } catch (error) {
        log.warn({ err: error }, 'a takedown could not be told; other processes learn of it within seconds');
      }
    },
  };
}
