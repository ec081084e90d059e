import type { ExecutionResult, Sink } from 'graphql-ws';

/** The events of one subscription as they come, to be waited for. */
export class Feed<Data> implements Sink<ExecutionResult<Data, unknown>> {
  readonly events: Data[] = [];
  failure: unknown;
  ended = false;
  readonly #cut: () => Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(cut: () => Promise<void>) {
    this.#cut = cut;
  }

  next(result: ExecutionResult<Data, unknown>): void {
    if (result.errors && result.errors.length > 0) {
      this.failure = new Error(result.errors.map((error) => error.message).join('; '), { cause: result.errors });
    } else if (result.data) {
      this.events.push(result.data);
    }
    this.#wake();
  }

  error(error: unknown): void {
    this.failure = error;
    this.#wake();
  }

  complete(): void {
    this.ended = true;
    this.#wake();
  }

  /** The first event, past or to come, that fits. Rejects when the stream fails or nothing fits in time. */
  async find(fits: (event: Data) => boolean, what: string, timeoutMs = 10_000): Promise<Data> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      if (this.failure) throw new Error(`The stream failed while waiting for ${what}`, { cause: this.failure });
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) {
        throw new Error(`Not seen within ${timeoutMs} ms: ${what}. Seen: ${JSON.stringify(this.events.slice(-5))}`);
      }
      await this.#change(leftMs);
    }
  }

  /** Cuts the connection without a goodbye. */
  cut(): Promise<void> {
    return this.#cut();
  }

  async #change(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
