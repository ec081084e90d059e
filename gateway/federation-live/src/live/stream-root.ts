import type { CursorCodec } from './cursor.ts';
import type { LoggedEvent, StreamRoot } from './live-ports.ts';
import type { SubscriptionRequest } from './subscription-request.ts';

/** What the owner is given for the state of one id, at least as new as a position. */
export function snapshotRoot(
  request: SubscriptionRequest,
  { position, key, cursors, now }: { position: string; key: string; cursors: CursorCodec; now(): Date },
): StreamRoot {
  return {
    kind: 'SNAPSHOT',
    cursor: cursorAt(request, position, cursors),
    occurredAt: now().toISOString(),
    key,
  };
}

/** What the owner is given for an event. */
export function liveRoot(
  request: SubscriptionRequest,
  { position, envelope }: LoggedEvent,
  cursors: CursorCodec,
): StreamRoot {
  const { id, name, key, sequence, payload, occurredAt, topics } = envelope;
  const at = request.topics.findIndex((topic) => topics?.includes(topic));
  return {
    kind: 'LIVE',
    cursor: cursorAt(request, position, cursors),
    occurredAt,
    key: request.keys[at],
    envelope: { id, name, key, sequence, payload },
  };
}

function cursorAt({ plan, topics, audience }: SubscriptionRequest, position: string, cursors: CursorCodec): string {
  return cursors.write(position, { field: plan.field.name, topics, subject: audience.subject });
}
