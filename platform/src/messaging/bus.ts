import type { EventEnvelope } from './envelope.ts';
import type { OutboxMarks } from './outbox.ts';

/** One event as the bus hands it out; `position` is its place in the domain's stream and grows. */
export interface Delivery {
  domain: string;
  position: string;
  /** What the event is called, where that can be told without reading all of it: whom it does not concern looks no further. */
  name?: string | undefined;
  readonly envelope: EventEnvelope;
  /** How often this group was handed the event, 1 the first time. */
  attempt: number;
}

export interface DeadLetter {
  envelope: EventEnvelope;
  domain: string;
  position: string;
  reason: string;
  attempts: number;
  at: string;
}

/** How far a group is behind its stream. */
export interface GroupState {
  name: string;
  /** Events not handed to it yet. */
  lag: number;
  /** Events it was handed and has not acknowledged. */
  pending: number;
  /** When the oldest of both was published, in milliseconds; undefined when there are none. */
  oldestAt?: number;
}

/** A member of a consumer group: every event goes to one member of each group, again and again until acknowledged. */
export interface GroupMember {
  /** Waits up to `waitMs` for events, oldest first; what a dead member left behind comes first. */
  receive(options: { count: number; waitMs: number }): Promise<Delivery[]>;
  acknowledge(deliveries: readonly Delivery[]): Promise<void>;
  /** Moves an event that can never be handled out of the way, with its reason. */
  bury(delivery: Delivery, reason: string): Promise<void>;
  /** Ends a waiting `receive` with a rejection and allows no further one; what is in hand can still be acknowledged. */
  interrupt(): Promise<void>;
  close(): Promise<void>;
}

/** The bus has lost events that were published: those of batches after this mark. */
export class EventsLostError extends Error {
  override readonly name = 'EventsLostError';
  constructor(
    readonly domain: string,
    readonly keptMark: number,
  ) {
    super(`The event bus has lost events of ${domain}.`);
  }
}

/**
 * The event bus: a topic per domain, consumer groups, at-least-once, in order
 * per domain as published. Redis Streams implement it; another broker would
 * pass the same contract test.
 */
export interface EventBus {
  /**
   * Appends in the order given, each an envelope or its JSON, and resolves to the positions. With `marks` it keeps the new mark beside the events, and
   * when it does not know the last one any more it appends nothing and rejects with an `EventsLostError`.
   */
  publish(domain: string, envelopes: readonly (EventEnvelope | string)[], marks?: OutboxMarks): Promise<string[]>;
  /** The mark of the newest batch it still has; 0 when there is none. */
  markOf(domain: string): Promise<number>;
  /** Says that what is missing up to this mark will not be published again. */
  setMark(domain: string, mark: number): Promise<void>;
  /** `from` is where a group that does not exist yet begins. */
  join(options: { group: string; domains: readonly string[]; from?: 'start' | 'now' }): Promise<GroupMember>;
  /** The position of the newest event, `0-0` when there is none. */
  head(domain: string): Promise<string>;
  /** The position of the oldest event still kept, undefined when there is none. */
  tail(domain: string): Promise<string | undefined>;
  /** Whether events older than the oldest kept one have been there. */
  isTrimmed(domain: string): Promise<boolean>;
  /** Events after a position, oldest first, at most `count`. */
  read(domain: string, options: { after: string; count: number }): Promise<Delivery[]>;
  /** Waits up to `waitMs` for events after the given position of each domain. Holds a connection of its own. */
  follow(after: Readonly<Record<string, string>>): Follower;
  groupsOf(domain: string): Promise<GroupState[]>;
  deadLetters(group: string, count: number): Promise<DeadLetter[]>;
  deadLetterCount(group: string): Promise<number>;
  /** Publishes up to `count` buried events to their group again and resolves to how many. */
  redrive(group: string, count: number): Promise<number>;
  close(): Promise<void>;
}

export interface Follower {
  next(waitMs: number): Promise<Delivery[]>;
  close(): Promise<void>;
}
