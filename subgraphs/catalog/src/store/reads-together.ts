/** Ids in one question; who asks for more asks alone. */
const MAX_IDS = 200;

interface Asked<T> {
  ids: readonly string[];
  resolve(found: T[]): void;
  reject(error: unknown): void;
}

export type ReadByIds<T> = (ids: readonly string[]) => Promise<T[]>;

/**
 * Reads by id that requests make in one turn of the event loop become one question to the store: most of what a small
 * read costs, here and there, is the question and not the document. It is put after all of them were made, so nobody
 * is told what was true before they asked; when it fails, it fails for all of them.
 */
export function readTogether<T>(find: ReadByIds<T>, keyOf: (value: T) => string): ReadByIds<T> {
  let waiting: Asked<T>[] = [];
  let size = 0;

  const ask = (): void => {
    const asked = waiting;
    waiting = [];
    size = 0;
    const [only] = asked;
    if (!only) return;
    if (asked.length === 1) {
      find(only.ids).then(only.resolve, only.reject);
      return;
    }
    find([...new Set(asked.flatMap(({ ids }) => ids))]).then(
      (found) => {
        const byKey = Map.groupBy(found, keyOf);
        for (const { ids, resolve } of asked) resolve(ids.flatMap((id) => byKey.get(id) ?? []));
      },
      (error) => {
        for (const { reject } of asked) reject(error);
      },
    );
  };

  return (ids) => {
    if (ids.length > MAX_IDS) return find(ids);
    return new Promise((resolve, reject) => {
      if (size + ids.length > MAX_IDS) ask();
      waiting.push({ ids, resolve, reject });
      size += ids.length;
      if (waiting.length === 1) setImmediate(ask);
    });
  };
}
