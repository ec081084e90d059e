export type SingleFlight<T> = (key: string, work: () => Promise<T>) => Promise<T>;

/** Calls with the same key while one is running get its result instead of a run of their own. */
export function singleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return (key, work) => {
    const known = running.get(key);
    if (known) return known;
    const run = work().finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };
}
