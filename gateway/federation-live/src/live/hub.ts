import type { GraphQLError } from 'graphql';
import { eventWorks } from './event-work.ts';
import { Group, type GroupDeps } from './group.ts';
import { liveError, refused, SubscriptionRefusedError } from './live-error.ts';
import type { Audience, LiveSink, LoggedEvent } from './live-ports.ts';
import { answeringInTime, inTime } from './log-in-time.ts';
import { replayPages } from './replay-pages.ts';
import { defaultReplayLimits, openReplay, type ReplayLimits } from './replay.ts';
import type { EventRunner } from './run-event.ts';
import { slots } from './slots.ts';
import { defaultSubscriberLimits, Subscriber, type SubscriberLimits, type SubscriberOptions } from './subscriber.ts';
import type { SubscriptionRequest } from './subscription-request.ts';

export interface Hub {
  /** Resolves when the first results are sent and live ones follow; rejects with why not. */
  subscribe(request: SubscriptionRequest, sink: LiveSink): Promise<LiveSubscription>;
  onEvent(event: LoggedEvent): void;
  /** Asks the owners again whether these audiences may still listen, and ends the subscriptions of those who may not. */
  recheck(concerns: (audience: Audience) => boolean): Promise<void>;
  /**
   * Plans what is open anew. Who cannot go on, by a `SubscriptionRefusedError`
   * of `renew`, ends with it; `renew` returns null for what is current already.
   */
  replan(renew: (request: SubscriptionRequest) => SubscriptionRequest | null): Promise<void>;
  close(): void;
  counts(): HubCounts;
}

export interface LiveSubscription {
  /** The client wants no more. */
  stop(): void;
}

export interface HubCounts {
  groups: number;
  subscribers: number;
  /** Plan runs for events, plan runs for snapshots, and how the former ended. */
  runs: number;
  snapshots: number;
  skipped: number;
  failed: number;
  /** Primary fetches asked of their owners, those told by the events themselves, fetches of other subgraphs. */
  asked: number;
  told: number;
  fetches: number;
}

export interface HubOptions extends Omit<GroupDeps, 'count' | 'runner'> {
  /** Counts are its own and the runner's. */
  runner(count: (what: 'asked' | 'told' | 'fetches') => void): EventRunner;
  replay?: Partial<ReplayLimits>;
  subscriber?: Partial<SubscriberLimits>;
  /** How long the log may take to say where it is. */
  logTimeoutMs?: number;
  /** Replays at the same time; others wait. Each holds a page of events. */
  concurrentReplays?: number;
}

const DEFAULT_LOG_TIMEOUT_MS = 10_000;
const DEFAULT_CONCURRENT_REPLAYS = 8;
const PLANNED_AT_ONCE = 20;

/** Who listens to what. An event touches only the groups of its topics. */
export function createHub(options: HubOptions): Hub {
  const { logger } = options;
  const replayLimits = { ...defaultReplayLimits, ...options.replay };
  const subscriberLimits = { ...defaultSubscriberLimits, ...options.subscriber };
  const logTimeoutMs = options.logTimeoutMs ?? DEFAULT_LOG_TIMEOUT_MS;
  const log = answeringInTime(options.log, logTimeoutMs);
  const replays = slots(options.concurrentReplays ?? DEFAULT_CONCURRENT_REPLAYS);
  const pages = replayPages(log);
  let replaying = 0;
  const groups = new Map<string, Group>();
  const optionsByGroup = new WeakMap<Group, SubscriberOptions>();
  const byTopic = new Map<string, Set<Group>>();
  const totals = { runs: 0, snapshots: 0, skipped: 0, failed: 0, asked: 0, told: 0, fetches: 0 };
  const count = (what: keyof typeof totals): void => {
    totals[what] += 1;
  };
  const deps: GroupDeps = { ...options, log, count, runner: options.runner(count) };
  const workOf = eventWorks();

  const groupOf = (request: SubscriptionRequest): Group => {
    let group = groups.get(request.groupKey);
    // It was planned with another supergraph than the one that is current now.
    if (group && group.request.plan.schema !== request.plan.schema) {
      if (isSameStream(group.request, request)) group.adopt(request);
      else {
        close(group, schemaChanged());
        group = undefined;
      }
    }
    if (!group) {
      group = new Group(request, deps);
      groups.set(request.groupKey, group);
      for (const topic of request.topics) {
        const key = topicKey(request.plan.owner, topic);
        const listening = byTopic.get(key) ?? new Set();
        byTopic.set(key, listening.add(group));
      }
    }
    return group;
  };

  const leave = (group: Group, subscriber: Subscriber): void => {
    group.subscribers.delete(subscriber);
    if (group.isDeserted) forget(group);
  };

  const close = (group: Group, errors: readonly GraphQLError[]): void => {
    forget(group);
    group.refuse(errors);
  };

  const forget = (group: Group): void => {
    if (groups.get(group.request.groupKey) !== group) return;
    groups.delete(group.request.groupKey);
    for (const topic of group.request.topics) {
      const key = topicKey(group.request.plan.owner, topic);
      const listening = byTopic.get(key);
      listening?.delete(group);
      if (listening?.size === 0) byTopic.delete(key);
    }
  };

  const optionsOf = (group: Group): SubscriberOptions => {
    let known = optionsByGroup.get(group);
    if (!known) {
      known = { limits: subscriberLimits, latestOnly: group.latestOnly, onEnd: (left) => leave(group, left) };
      optionsByGroup.set(group, known);
    }
    return known;
  };

  const begin = async (group: Group, subscriber: Subscriber): Promise<void> => {
    // Registered already: an event after this position waits in the subscriber until the snapshot is sent.
    const { position, frames, shown } = await group.snapshot();
    for (const frame of frames) subscriber.send(frame);
    subscriber.open(position, shown);
  };

  const resume = async (group: Group, subscriber: Subscriber, cursor: string): Promise<void> => {
    const { request } = group;
    const { owner, field } = request.plan;
    const scope = { field: field.name, topics: request.topics, subject: request.audience.subject };
    const after = options.cursors.read(cursor, scope);
    if (after === null) refused('BAD_USER_INPUT', 'This cursor does not belong to this subscription.');
    await group.authorise();
    group.expect();
    replaying += 1;
    let release = (): void => undefined;
    // Who does not read holds up nobody else's replay, and not for long.
    const waitForClient = async (): Promise<void> => {
      release();
      await inTime(subscriber.drained(), logTimeoutMs, 'SLOW_CONSUMER');
      release = await replays.take();
    };
    try {
      release = await replays.take();
      const replay = await openReplay(log, pages, {
        domain: owner,
        topics: request.topics,
        after,
        limits: replayLimits,
      });
      const deliver = async (event: LoggedEvent): Promise<'go on' | 'stop'> => {
        const outcome = await group.replayEvent(event);
        if (outcome && 'end' in outcome) throw new SubscriptionRefusedError(outcome.end);
        if (outcome) subscriber.send(outcome.frame);
        if (!subscriber.hasRoom) await waitForClient();
        return subscriber.isEnded ? 'stop' : 'go on';
      };
      // Most of it unregistered, so that a long way back does not fill the buffer for live results; then the rest.
      await replay.run(await log.head(owner), deliver);
      if (subscriber.isEnded) return;
      group.assertOpen();
      group.subscribers.add(subscriber);
      const head = await log.head(owner);
      await replay.run(head, deliver);
      subscriber.open(head);
    } finally {
      group.expectNoMore();
      replaying -= 1;
      if (replaying === 0) pages.clear();
      release();
    }
  };

  return {
    async subscribe(request, sink) {
      const group = groupOf(request);
      const subscriber = new Subscriber(request.audience, sink, optionsOf(group));
      try {
        if (request.after === undefined) {
          group.subscribers.add(subscriber);
          await inTime(begin(group, subscriber), logTimeoutMs);
        } else {
          await resume(group, subscriber, request.after);
        }
      } catch (error) {
        subscriber.leave();
        leave(group, subscriber);
        throw error;
      }
      return { stop: () => subscriber.leave() };
    },

    onEvent(event) {
      const concerned = new Set<Group>();
      for (const topic of event.envelope.topics ?? []) {
        for (const group of byTopic.get(topicKey(event.domain, topic)) ?? []) concerned.add(group);
      }
      if (concerned.size === 0) return;
      const work = workOf(event);
      for (const group of concerned) group.enqueue(work);
    },

    async replan(renew) {
      let done = 0;
      for (const group of [...groups.values()]) {
        if (groups.get(group.request.groupKey) !== group) continue;
        try {
          const request = renew(group.request);
          if (request && isSameStream(group.request, request)) group.adopt(request);
          else if (request) close(group, schemaChanged());
        } catch (error) {
          if (!(error instanceof SubscriptionRefusedError)) {
            logger.error(
              { err: error, field: group.request.plan.field.name },
              'subscription could not be planned anew',
            );
          }
          close(group, error instanceof SubscriptionRefusedError ? error.errors : schemaChanged());
        }
        done += 1;
        // Planning is slow; clients and events have their turn in between.
        if (done % PLANNED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },

    async recheck(concerns) {
      const asked = [...groups.values()].filter((group) => concerns(group.request.audience));
      await Promise.all(
        asked.map((group) =>
          group.authorise().catch((error: unknown) => {
            if (error instanceof SubscriptionRefusedError) return group.end(error.errors);
            // Each later event is authorised by its owner anyway.
            logger.warn({ err: error, field: group.request.plan.field.name }, 'access could not be checked again');
          }),
        ),
      );
    },

    close() {
      for (const group of groups.values()) group.end(null);
    },

    counts: () => ({
      groups: groups.size,
      subscribers: [...groups.values()].reduce((sum, group) => sum + group.subscribers.size, 0),
      ...totals,
    }),
  };
}

/** Whether cursors and events of the one mean the same to the other. */
function isSameStream(one: SubscriptionRequest, other: SubscriptionRequest): boolean {
  return one.plan.owner === other.plan.owner && one.topics.join('\n') === other.topics.join('\n');
}

function schemaChanged(): readonly GraphQLError[] {
  return [liveError('BAD_REQUEST', 'The schema has changed, and with it this stream. Subscribe again.')];
}

/** A topic is heard in the domain of the field's owner only; positions of other domains mean nothing to its cursors. */
function topicKey(domain: string, topic: string): string {
  return `${domain} ${topic}`;
}
