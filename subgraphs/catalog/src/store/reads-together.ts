/** Ids in one question; who asks for more asks alone. */
const MAX_IDS = 200;
/** Questions on their way at a time: while the store is busy with so many, what is asked meanwhile becomes one. */
const MAX_RUNNING = 1;
/** Nobody waits longer for that, far above what an answer takes: it is the store that is slow then, or away. */
const PATIENCE_MS = 20;

interface Asked<T, Field> {
  ids: readonly string[];
  /** All of them when none are named. */
  fields: readonly Field[] | undefined;
  resolve(found: T[]): void;
  reject(error: unknown): void;
}

/** `fields` names what is to be read of each; all of it when they are left out. Somebody else may have asked for more. */
export type ReadByIds<T, Field = string> = (ids: readonly string[], fields?: readonly Field[]) => Promise<T[]>;

/**
 * Reads by id that requests make in one turn of the event loop, or while others are on their way, become one question
 * to the store: most of what a small read costs, here and there, is the question and not the document. It is put after
 * all of them were made, so nobody is told what was true before they asked; when it fails, it fails for all of them.
 */
export function readTogether<T, Field = string>(
  find: ReadByIds<T, Field>,
  keyOf: (value: T) => string,
): ReadByIds<T, Field> {
  let waiting: Asked<T, Field>[] = [];
  let running = 0;
  let isDue = false;
  let patience: NodeJS.Timeout | undefined;

  /** The first of those who wait, as many as one question has room for. */
  const takeNext = (): Asked<T, Field>[] => {
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

  return (ids, fields) => {
    if (ids.length > MAX_IDS) return find(ids, fields);
    return new Promise((resolve, reject) => {
      waiting.push({ ids, fields, resolve, reject });
      if (isDue) return;
      isDue = true;
      setImmediate(ask);
    });
  };
}

/** Resolves to what `ask` finds, or to what an equal question finds that is put after this one was made. */
export type AskTogether<T> = (key: string, ask: () => Promise<T>) => Promise<T>;

/**
 * The same for questions that are more than ids: those under one key that are made in one turn of the event loop, or
 * while one like them is on its way, are one. What is found is everybody's, and nobody changes it.
 */
export function askTogether<T>(): AskTogether<T> {
  const waiting = new Map<string, Promise<T>>();
  const running = new Map<string, Promise<T>>();

  const askInTurn = async (key: string, ask: () => Promise<T>): Promise<T> => {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const before = running.get(key);
    if (before) await settledInTime(before);
    waiting.delete(key);
    const own = ask();
    running.set(key, own);
    try {
      return await own;
    } finally {
      if (running.get(key) === own) running.delete(key);
    }
  };
  return (key, ask) => {
    let next = waiting.get(key);
    if (!next) waiting.set(key, (next = askInTurn(key, ask)));
    return next;
  };
}

async function settledInTime(work: Promise<unknown>): Promise<void> {
  let patience: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    patience = setTimeout(resolve, PATIENCE_MS);
  });
  try {
    await Promise.race([work, late]);
  } catch {
    // Told to whoever asked it.
  } finally {
    clearTimeout(patience);
  }
}

async function answer<T, Field>(
  asked: readonly Asked<T, Field>[],
  find: ReadByIds<T, Field>,
  keyOf: (value: T) => string,
): Promise<void> {
  try {
    const ids = asked.length === 1 ? asked[0]!.ids : [...new Set(asked.flatMap((each) => each.ids))];
    const found = await find(ids, fieldsOfAll(asked));
    if (asked.length === 1) {
      asked[0]!.resolve(found);
      return;
    }
    const byKey = Map.groupBy(found, keyOf);
    for (const { ids: own, resolve } of asked) resolve(own.flatMap((id) => byKey.get(id) ?? []));
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}

/** Most requests of a moment are of one kind: their fields are the same list. */
function fieldsOfAll<Field>(asked: readonly Asked<unknown, Field>[]): readonly Field[] | undefined {
  const lists = [...new Set(asked.map(({ fields }) => fields))];
  if (lists.length === 1) return lists[0];
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((fields) => fields!))];
}
