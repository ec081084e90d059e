import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/** What a load balancer knows: which of the gateways say that they are ready. */
export class ReadyGateways {
  #ready: readonly string[] = [];
  #turn = 0;
  #ended = false;
  #looking: Promise<void> | undefined;

  constructor(private readonly urls: readonly string[]) {}

  async begin(): Promise<void> {
    await this.#look();
    this.#looking = (async () => {
      while (!this.#ended) {
        await pause(LOOK_EVERY_MS);
        await this.#look();
      }
    })();
  }

  /** One after the other; undefined when none is ready. */
  next(): string | undefined {
    return this.#ready[(this.#turn += 1) % Math.max(this.#ready.length, 1)];
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    const found = await Promise.all(
      this.urls.map(async (url) => {
        try {
          const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2_000) });
          await response.arrayBuffer();
          return response.ok ? [url] : [];
        } catch {
          return [];
        }
      }),
    );
    this.#ready = found.flat();
  }
}
