import type { GraphQLError } from 'graphql';
import { liveError } from './live-error.ts';
import type { Audience, Frame, LiveSink } from './live-ports.ts';
import { comparePositions } from './position.ts';

export interface SubscriberLimits {
  /** What may wait for a client whose snapshot or replay is still on its way. */
  bufferedFrames: number;
  bufferedBytes: number;
}

export const defaultSubscriberLimits: SubscriberLimits = { bufferedFrames: 1_000, bufferedBytes: 1024 * 1024 };

/**
 * One client of a group. Registered first and opened later: what happens in
 * between waits here, and what the snapshot already shows is dropped.
 */
export class Subscriber {
  private waiting: { position: string; frame: Frame }[] | null = [];
  private waitingBytes = 0;
  private openedAt = '0-0';
  private ended = false;

  constructor(
    readonly audience: Audience,
    private readonly sink: LiveSink,
    private readonly limits: SubscriberLimits,
    private readonly onEnd: (subscriber: Subscriber) => void,
  ) {}

  get isEnded(): boolean {
    return this.ended || this.sink.isClosed;
  }

  /** A live result of the group. */
  offer(position: string, frame: Frame): void {
    if (this.ended) return;
    if (!this.waiting) {
      if (comparePositions(position, this.openedAt) > 0) this.sink.next(frame);
      return;
    }
    this.waiting.push({ position, frame });
    this.waitingBytes += frame.bytes;
    if (this.waiting.length > this.limits.bufferedFrames || this.waitingBytes > this.limits.bufferedBytes) {
      this.end([liveError('SLOW_CONSUMER', 'More happened than can wait. Resume with your last cursor.')]);
    }
  }

  /** A result for this client alone: of its snapshot, or of its replay. */
  send(frame: Frame): void {
    if (!this.isEnded) this.sink.next(frame);
  }

  async drained(): Promise<void> {
    if (!this.isEnded) await this.sink.drained();
  }

  /** Everything up to the position has been sent; what waited after it follows, then the live results. */
  open(position: string): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    this.openedAt = position;
    for (const { position: at, frame } of waiting) this.offer(at, frame);
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
    this.waiting = null;
    this.onEnd(this);
  }
}
