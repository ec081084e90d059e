/**
 * Work that many ask for at once. Whoever asks while it is under way gets the
 * next, together with everyone else who asks: nobody gets what was begun
 * before they asked.
 */
export class JointWork<T> {
  private next: Promise<T> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly work: () => Promise<T>) {}

  run(): Promise<T> {
    this.next ??= this.last.then(() => {
      this.next = undefined;
      const running = this.work();
      this.last = running.catch(() => undefined);
      return running;
    });
    return this.next;
  }
}
