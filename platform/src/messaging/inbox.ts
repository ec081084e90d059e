import type { EventEnvelope } from './envelope.ts';

/**
 * Makes a consumer's effect happen once: the row that remembers the event is
 * written in the transaction of the effect.
 */
export interface Inbox<Transaction> {
  /** Runs `effect` unless this consumer has handled the event; resolves to whether it ran. */
  once(consumer: string, eventId: string, effect: (transaction: Transaction) => Promise<void>): Promise<boolean>;
  /**
   * The same for several events, of which all are then handled or none. `effect` is given those that this consumer has
   * not handled, in their order, at once or some at a time; resolves to how many that were.
   */
  onceTogether?(
    consumer: string,
    events: readonly EventEnvelope[],
    effect: (news: readonly EventEnvelope[], transaction: Transaction) => Promise<void>,
  ): Promise<number>;
  /**
   * Runs an effect that changes nothing when it comes again; nothing is remembered of its events. It need not be one
   * transaction: what was done by half is done again as a whole.
   */
  repeatable?(effect: (transaction: Transaction) => Promise<void>): Promise<void>;
}
