/** Runs pieces of work one after another, in the order they came: the writers of one collection. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Lets other requests run: the rest of a long job continues after the events that are waiting. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * How long one step of a long job collects work. What it wrote is merged and committed after that, which takes two or three
 * times as long; together they stay under 50 ms.
 */
export const STEP_MS = 10;
