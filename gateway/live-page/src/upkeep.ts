export interface UpkeepOptions {
  run(): Promise<void>;
  /** At least so long between the end of one run and the next. */
  pauseMs: number;
  retryMs(failures: number): number;
  onFailure(error: unknown): void;
}

/** Something that is read again when it may have changed: one run at a time, one more for all that was due meanwhile. */
export class Upkeep {
  #isRunning = false;
  #isDue = false;
  #isStopped = false;
  #failures = 0;
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: UpkeepOptions) {}

  due(): void {
    this.#isDue = true;
    if (!this.#isRunning && this.#next === undefined) void this.#run();
  }

  /** Does not wait any longer for what failed before. */
  retry(): void {
    if (this.#failures === 0 || this.#isRunning) return;
    clearTimeout(this.#next);
    this.#next = undefined;
    this.due();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#next);
  }

  async #run(): Promise<void> {
    if (this.#isStopped) return;
    this.#isRunning = true;
    this.#isDue = false;
    try {
      await this.options.run();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#isDue = true;
      if (!this.#isStopped) this.options.onFailure(error);
    }
    this.#isRunning = false;
    if (this.#isStopped) return;
    const delayMs = this.#failures > 0 ? this.options.retryMs(this.#failures) : this.options.pauseMs;
    this.#next = setTimeout(() => {
      this.#next = undefined;
      if (this.#isDue) void this.#run();
    }, delayMs);
  }
}
