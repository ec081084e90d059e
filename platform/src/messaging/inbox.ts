/**
 * Makes a consumer's effect happen once: the row that remembers the event is
 * written in the transaction of the effect.
 */
export interface Inbox<Transaction> {
  /** Runs `effect` unless this consumer has handled the event; resolves to whether it ran. */
  once(consumer: string, eventId: string, effect: (transaction: Transaction) => Promise<void>): Promise<boolean>;
}
