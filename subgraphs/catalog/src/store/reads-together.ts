/** Ids in one question; who asks for more asks alone. */
const MAX_IDS = 200;
/** Questions on their way at a time: while the store is busy with so many, what is asked meanwhile becomes one. */
const MAX_RUNNING = 1;
/** Nobody waits longer for that, far above what an answer takes: it is the store that is slow then, or away. */
const PATIENCE_MS = 20;

interface Asked<T> {
  ids: readonly string[];
  resolve(found: T[]): void;
  reject(error: unknown): void;
}

export type ReadByIds<T> = (ids: readonly string[]) => Promise<T[]>;

/**
 * Reads by id that requests make in one turn of the event loop, or while others are on their way, become one question
 * to the store: most of what a small read costs, here and there, is the question and not the document. It is put after
 * all of them were made, so nobody is told what was true before they asked; when it fails, it fails for all of them.
 */
export function readTogether<T>(find: ReadByIds<T>, keyOf: (value: T) => string): ReadByIds<T> {
  let waiting: Asked<T>[] = [];
  let running = 0;
  let isDue = false;
  let patience: NodeJS.Timeout | undefined;

  /** The first of those who wait, as many as one question has room for. */
  const takeNext = (): Asked<T>[] => {
    let ids = 0;
    const end = waiting.findIndex((asked) => (ids += asked.ids.length) > MAX_IDS);
    const asked = end < 0 ? waiting : waiting.slice(0, end);
    waiting = end < 0 ? [] : waiting.slice(end);
    return asked;
  };
  const ask = (isPatient = true): void => {
    isDue = false;
    if (waiting.length > 0 && isPatient && running >= MAX_RUNNING) {
      patience ??= setTimeout(ask, PATIENCE_MS, false);
      return;
    }
    clearTimeout(patience);
    patience = undefined;
    while (waiting.length > 0) {
      running += 1;
      void answer(takeNext(), find, keyOf).finally(() => {
        running -= 1;
        ask();
      });
    }
  };

  return (ids) => {
    if (ids.length > MAX_IDS) return find(ids);
    return new Promise((resolve, reject) => {
      waiting.push({ ids, resolve, reject });
      if (isDue) return;
      isDue = true;
      setImmediate(ask);
    });
  };
}

async function answer<T>(asked: readonly Asked<T>[], find: ReadByIds<T>, keyOf: (value: T) => string): Promise<void> {
  try {
    const found = await find(asked.length === 1 ? asked[0]!.ids : [...new Set(asked.flatMap(({ ids }) => ids))]);
    if (asked.length === 1) {
      asked[0]!.resolve(found);
      return;
    }
    const byKey = Map.groupBy(found, keyOf);
    for (const { ids, resolve } of asked) resolve(ids.flatMap((id) => byKey.get(id) ?? []));
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}
