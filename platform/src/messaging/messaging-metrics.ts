import type { Logger, Metrics } from '../telemetry/telemetry.ts';
import type { EventBus, GroupState } from './bus.ts';
import { deadLettersOf, streamOf } from './envelope.ts';
import { type Watch, watchBy, watchFigure } from './figures.ts';
import type { Outbox } from './outbox.ts';

/**
 * What waits on the way of a domain's events: in its outbox, and in its stream for each group. The owner of the stream
 * tells of all its groups, so a consumer that is down is seen too.
 */
export function watchStream(options: {
  metrics: Metrics;
  domain: string;
  outbox: Outbox;
  bus: EventBus;
  log: Logger;
}): Watch {
  const { metrics, domain, outbox, bus, log } = options;
  const stream = streamOf(domain);
  let backlog: { count: number; oldest?: Date } = { count: 0 };
  let groups: GroupState[] = [];
  const ofGroups = (name: string, help: string, value: (group: GroupState) => number) =>
    metrics.gauge({ name, help, labels: ['stream', 'group'] }, () =>
      groups.map((group) => [[stream, group.name], value(group)] as const),
    );
  const labels = ['domain'];
  metrics.gauge({ name: 'outbox_unpublished', help: 'Events that wait for the relay.', labels }, () => [
    [[domain], backlog.count],
  ]);
  metrics.gauge({ name: 'outbox_oldest_age_seconds', help: 'How long the oldest of them has waited.', labels }, () => [
    [[domain], backlog.oldest ? Math.max((Date.now() - backlog.oldest.getTime()) / 1_000, 0) : 0],
  ]);
  ofGroups('stream_consumer_lag', 'Events the group has not been handed yet.', ({ lag }) => lag);
  ofGroups('stream_pending', 'Events the group has in hand.', ({ pending }) => pending);
  ofGroups('stream_oldest_pending_seconds', 'Age of the oldest event that the group has not handled.', ({ oldestAt }) =>
    oldestAt === undefined ? 0 : Math.max((Date.now() - oldestAt) / 1_000, 0),
  );
  return watchBy({ name: `metrics of ${stream}`, metrics, log }, async () => {
    [backlog, groups] = await Promise.all([outbox.backlog(), bus.groupsOf(domain)]);
  });
}

/** How many events a group has given up on: more than none wants a person. */
export function watchDeadLetters(options: { metrics: Metrics; group: string; bus: EventBus; log: Logger }): Watch {
  const { metrics, group, bus, log } = options;
  const stream = deadLettersOf(group);
  return watchFigure(
    { name: 'dead_letter_depth', help: 'Events the group has given up on.', labels: ['stream'] },
    { metrics, log, look: async () => [[[stream], await bus.deadLetterCount(group)]] },
  );
}
