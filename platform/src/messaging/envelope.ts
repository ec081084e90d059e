/**
 * A fact that happened, as it travels: past-tense name (`inventory.stockReserved`),
 * the aggregate it belongs to (`key`) and its place in that aggregate's life
 * (`sequence`, growing per key). Fields are only ever added.
 */
export interface EventEnvelope<Payload = unknown> {
  /** `evt_…`; the same when the event is published again. */
  id: string;
  name: string;
  version: number;
  /** RFC 3339. */
  occurredAt: string;
  key: string;
  sequence: number;
  /** W3C traceparent of what caused it. */
  trace?: string;
  /**
   * Subscriptions this event concerns, as `<subscription field>:<id>`, e.g.
   * `orderStatusChanged:ord_…`. The gateway delivers by these and nothing else.
   */
  topics?: readonly string[];
  payload: Payload;
}

/** What a command hands to the outbox; id and time are added there, and the trace where it has none of its own. */
export type NewEvent<Payload = unknown> = Pick<
  EventEnvelope<Payload>,
  'name' | 'version' | 'key' | 'sequence' | 'topics' | 'payload' | 'trace'
>;

export function streamOf(domain: string): string {
  return `events:${domain}`;
}

/** Beside its stream in a cluster too: the hash tag is the stream's whole name. */
export function markOfStream(domain: string): string {
  return `{${streamOf(domain)}}:mark`;
}

export function deadLettersOf(group: string): string {
  return `dead:${group}`;
}
