/** `waited`: there was another one before it, so what was known when it was given may be old. */
export type OneByOne = <T>(key: string, work: (waited: boolean) => Promise<T>) => Promise<T>;

/** Works with the same key follow one another in the order they were given; how one ends is nothing to the next. */
export function oneByOne(): OneByOne {
  const last = new Map<string, Promise<void>>();
  return (key, work) => {
    const before = last.get(key);
    const run = before ? before.then(() => work(true)) : work(false);
    const end = run.then(ignore, ignore).then(() => {
      if (last.get(key) === end) last.delete(key);
    });
    last.set(key, end);
    return run;
  };
}

function ignore(): void {}
