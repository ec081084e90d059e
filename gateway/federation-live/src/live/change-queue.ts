/**
 * What waits, first in, first out. Where only the latest of a key counts, a
 * newer entry takes the place of the older one of its key at the end of the
 * queue: what is left stands in the order of the last change.
 */
export class ChangeQueue<T> {
  private readonly entries = new Map<string | number, T>();
  private next = 0;

  constructor(private readonly latestOnly: boolean) {}

  get size(): number {
    return this.entries.size;
  }

  /** Returns what the value has replaced. */
  push(key: string, value: T): T | undefined {
    const slot = this.latestOnly ? key : (this.next += 1);
    const replaced = this.entries.get(slot);
    if (replaced !== undefined) this.entries.delete(slot);
    this.entries.set(slot, value);
    return replaced;
  }

  shift(): T | undefined {
    for (const [slot, value] of this.entries) {
      this.entries.delete(slot);
      return value;
    }
    return undefined;
  }

  clear(): void {
    this.entries.clear();
  }
}
