import type { GraphQLError } from 'graphql';
import { ChangeQueue } from './change-queue.ts';
import { liveError } from './live-error.ts';
import type { Audience, Frame, LiveSink, ShownEvent } from './live-ports.ts';
import { comparePositions } from './position.ts';

export interface SubscriberLimits {
  /** What may wait for a client: its snapshot or replay is still on its way, or it reads slower than states change. */
  bufferedFrames: number;
  bufferedBytes: number;
}

export const defaultSubscriberLimits: SubscriberLimits = { bufferedFrames: 1_000, bufferedBytes: 1024 * 1024 };

export interface SubscriberOptions {
  limits: SubscriberLimits;
  /** The stream tells states: of what waits, only the latest of each key is of interest. */
  latestOnly: boolean;
  onEnd(subscriber: Subscriber): void;
}

/** A live result with its place in the log, and the event it tells. */
export interface Change extends ShownEvent {
  position: string;
  frame: Frame;
}

/**
 * One client of a group. Registered first and opened later: what happens in
 * between waits here, and what the snapshot already shows is dropped.
 */
export class Subscriber {
  private waiting: ChangeQueue<Change> | undefined;
  private waitingBytes = 0;
  private isOpen = false;
  /** Results up to here have been shown. Forgotten with the first result behind it: those of a group come in order. */
  private shownUpTo: string | undefined;
  /** By name and key, the sequence that has been shown. Forgotten with the first event behind it, too. */
  private shown: Map<string, number> | undefined;
  private flushing = false;
  private ended = false;

  constructor(
    readonly audience: Audience,
    private readonly sink: LiveSink,
    private readonly options: SubscriberOptions,
  ) {}

  get isEnded(): boolean {
    return this.ended || this.sink.isClosed;
  }

  /** A live result of the group. */
  offer(change: Change): void {
    if (this.ended) return;
    if (!this.isOpen) return this.wait(change);
    if (this.shownUpTo !== undefined) {
      if (comparePositions(change.position, this.shownUpTo) <= 0) return;
      this.shownUpTo = undefined;
    }
    if (this.shown && this.isShown(change)) return;
    if (this.options.latestOnly && (this.flushing || !this.sink.hasRoom)) {
      this.wait(change);
      void this.flush();
    } else {
      this.sink.next(change.frame);
    }
  }

  /** A result for this client alone: of its snapshot, or of its replay. */
  send(frame: Frame): void {
    if (!this.isEnded) this.sink.next(frame);
  }

  get hasRoom(): boolean {
    return this.isEnded || this.sink.hasRoom;
  }

  async drained(): Promise<void> {
    if (!this.isEnded) await this.sink.drained();
  }

  /**
   * Everything up to the position has been sent, and what is shown, which may
   * be news to the log; what waited after it follows, then the live results.
   */
  open(position: string, shown: readonly ShownEvent[] = []): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    this.waitingBytes = 0;
    this.isOpen = true;
    this.shownUpTo = position;
    if (shown.length > 0) this.shown = new Map(shown.map((event) => [lineOf(event), event.sequence]));
    for (let change = waiting?.shift(); change; change = waiting?.shift()) this.offer(change);
  }

  end(errors: readonly GraphQLError[] | null): void {
    if (this.ended) return;
    this.leave();
    this.sink.end(errors);
  }

  /** The client is gone: nothing more is said to it. */
  leave(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting = undefined;
    this.options.onEnd(this);
  }

  private isShown(change: Change): boolean {
    const line = lineOf(change);
    const shown = this.shown?.get(line);
    if (shown === undefined) return false;
    if (change.sequence <= shown) return true;
    this.shown?.delete(line);
    if (this.shown?.size === 0) this.shown = undefined;
    return false;
  }

  private wait(change: Change): void {
    const { limits, latestOnly } = this.options;
    this.waiting ??= new ChangeQueue(latestOnly);
    const replaced = this.waiting.push(change.key, change);
    this.waitingBytes += change.frame.bytes - (replaced?.frame.bytes ?? 0);
    if (this.waiting.size > limits.bufferedFrames || this.waitingBytes > limits.bufferedBytes) {
      this.end([liveError('SLOW_CONSUMER', 'More happened than can wait. Resume with your last cursor.')]);
    }
  }

  /** Hands on what waits, as fast as the client reads. */
  private async flush(): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    while (this.waiting && this.waiting.size > 0) {
      await this.sink.drained();
      do {
        const change = this.waiting?.shift();
        if (!change || this.isEnded) break;
        this.waitingBytes -= change.frame.bytes;
        this.sink.next(change.frame);
      } while (this.sink.hasRoom);
      if (this.isEnded) break;
    }
    this.flushing = false;
  }
}

function lineOf({ name, key }: Pick<ShownEvent, 'name' | 'key'>): string {
  return `${name} ${key}`;
}
