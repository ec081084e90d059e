import { randomUUID } from 'node:crypto';
import { closeRedis, connectRedis, type Redis } from '../redis/redis.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import {
  type DeadLetter,
  type Delivery,
  type EventBus,
  EventsLostError,
  type Follower,
  type GroupMember,
} from './bus.ts';
import { deadLettersOf, type EventEnvelope, markOfStream, streamOf } from './envelope.ts';
import { deliveriesOf, deliveryOf, fieldOf, type StreamEntry, type StreamReply } from './stream-delivery.ts';
import { groupStates, streamFacts } from './stream-facts.ts';

export interface RedisBusOptions {
  url: string;
  log: Logger;
  /** Events kept per domain; older ones stay in the outbox of their owner. */
  keepEvents?: number;
  /** After this long an unacknowledged event is taken from a member that is probably dead. */
  claimAfterMs?: number;
}

const DEFAULT_KEEP_EVENTS = 200_000;
const DEFAULT_CLAIM_AFTER_MS = 30_000;
const MAX_DEAD_LETTERS = 100_000;
const READ_BATCH = 500;
/** Who follows looks at each of them at once, and everybody else in its process waits for that. */
const FOLLOW_BATCH = 200;
/** An answer that has not come by then will not come: the connection is dead and nobody has said so. */
const ANSWER_MS = 5_000;
/**
 * A command fails at once while Redis is away, and is never sent a second time by the connection: the Redis that comes
 * back may be an empty one, and half of a batch would be in the old one and half in the new. Whoever gave it decides.
 */
const ONCE_OR_NEVER = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: ANSWER_MS,
  // Mostly there is one command at a time, and a pipeline for it costs more than it does.
  enableAutoPipelining: false,
};

/**
 * All or nothing, and nothing when the last mark is not known here any more.
 * KEYS: the stream, its mark. ARGV: the last mark, the next, how many events are kept, then the events.
 */
const PUBLISH = `
local mark = tonumber(redis.call('GET', KEYS[2]) or '0')
if mark < tonumber(ARGV[1]) then return {'lost', tostring(mark)} end
local positions = {'kept'}
for at = 4, #ARGV do
  positions[#positions + 1] = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'e', ARGV[at])
end
redis.call('SET', KEYS[2], ARGV[2])
return positions`;

/** The second is what a member is told whose wait was ended by the loss. */
const GROUP_IS_GONE = /NOGROUP|UNBLOCKED/;

export async function createRedisBus(options: RedisBusOptions): Promise<EventBus> {
  const { url, log, keepEvents = DEFAULT_KEEP_EVENTS, claimAfterMs = DEFAULT_CLAIM_AFTER_MS } = options;
  const redis = await connectRedis(url, { log, name: 'bus', options: ONCE_OR_NEVER });
  const open = new Set<{ close(): Promise<void> }>();

  const publish: EventBus['publish'] = async (domain, envelopes, marks) => {
    if (envelopes.length === 0) return [];
    if (marks) {
      const [outcome, ...positions] = (await redis.eval(
        PUBLISH,
        2,
        streamOf(domain),
        markOfStream(domain),
        marks.last,
        marks.next,
        keepEvents,
        ...envelopes.map(textOf),
      )) as string[];
      if (outcome === 'lost') throw new EventsLostError(domain, Number(positions[0]));
      return positions;
    }
    const pipeline = redis.pipeline();
    for (const envelope of envelopes) {
      pipeline.xadd(streamOf(domain), 'MAXLEN', '~', keepEvents, '*', 'e', textOf(envelope));
    }
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, id]) => {
      if (error) throw error;
      return String(id);
    });
  };

  return {
    publish,

    async join({ group, domains, from = 'start' }) {
      const member = await joinGroup({ url, log, group, domains, from, claimAfterMs });
      open.add(member);
      return { ...member, close: () => (open.delete(member), member.close()) };
    },

    markOf: async (domain) => Number((await redis.get(markOfStream(domain))) ?? 0),

    async setMark(domain, mark) {
      await redis.set(markOfStream(domain), mark);
    },

    async head(domain) {
      const [last] = await redis.xrevrange(streamOf(domain), '+', '-', 'COUNT', 1);
      return last?.[0] ?? '0-0';
    },

    async tail(domain) {
      const [first] = await redis.xrange(streamOf(domain), '-', '+', 'COUNT', 1);
      return first?.[0];
    },

    async isTrimmed(domain) {
      const [length, facts] = await Promise.all([redis.xlen(streamOf(domain)), streamFacts(redis, streamOf(domain))]);
      return facts !== null && Number(facts.get('entries-added') ?? 0) > length;
    },

    async read(domain, { after, count }) {
      const entries = await redis.xrange(streamOf(domain), `(${after}`, '+', 'COUNT', Math.min(count, READ_BATCH));
      return entries.map((entry) => deliveryOf(domain, entry, 1, log));
    },

    follow(after) {
      const follower = followStreams(url, log, after);
      open.add(follower);
      return { next: follower.next, close: () => (open.delete(follower), follower.close()) };
    },

    groupsOf: (domain) => groupStates(redis, streamOf(domain)),

    deadLetterCount: (group) => redis.xlen(deadLettersOf(group)),

    async deadLetters(group, count) {
      const entries = await redis.xrange(deadLettersOf(group), '-', '+', 'COUNT', count);
      return entries.map(([, fields]) => JSON.parse(fieldOf(fields, 'd') ?? '{}') as DeadLetter);
    },

    async redrive(group, count) {
      const entries = await redis.xrange(deadLettersOf(group), '-', '+', 'COUNT', count);
      for (const [id, fields] of entries) {
        const letter = JSON.parse(fieldOf(fields, 'd') ?? '{}') as DeadLetter;
        // Every group sees the event again; inboxes make that harmless for those that had handled it.
        await publish(letter.domain, [letter.envelope]);
        await redis.xdel(deadLettersOf(group), id);
      }
      return entries.length;
    },

    async close() {
      await Promise.all([...open].map((part) => part.close()));
      await closeRedis(redis);
    },
  };
}

function textOf(envelope: EventEnvelope | string): string {
  return typeof envelope === 'string' ? envelope : JSON.stringify(envelope);
}

async function joinGroup(options: {
  url: string;
  log: Logger;
  group: string;
  domains: readonly string[];
  from: 'start' | 'now';
  claimAfterMs: number;
}): Promise<GroupMember> {
  const { url, log, group, domains, from, claimAfterMs } = options;
  const consumer = `${group}-${randomUUID()}`;
  // A blocking read holds its connection, so acknowledgements get another.
  const reader = await connectRedis(url, { log, name: `group ${group}`, options: { enableAutoPipelining: false } });
  const redis = await connectRedis(url, { log, name: `group ${group} acks`, options: ONCE_OR_NEVER });
  // What a dead member held is taken over within a third of that time more, the wait for events included.
  const claimEveryMs = Math.max(1, Math.floor(claimAfterMs / 5));
  let lastClaimAt = Number.NEGATIVE_INFINITY;

  const createGroups = async () => {
    for (const domain of domains) await createGroup(redis, streamOf(domain), group, from === 'now' ? '$' : '0');
  };
  await createGroups();

  const claimAbandoned = async (count: number): Promise<Delivery[]> => {
    const claimed: Delivery[] = [];
    for (const domain of domains) {
      const stream = streamOf(domain);
      const [, entries] = (await redis.xautoclaim(stream, group, consumer, claimAfterMs, '0', 'COUNT', count)) as [
        string,
        StreamEntry[],
      ];
      for (const entry of entries) {
        const pending = (await redis.xpending(stream, group, entry[0], entry[0], 1)) as [
          string,
          string,
          number,
          number,
        ][];
        claimed.push(deliveryOf(domain, entry, pending[0]?.[3] ?? 1, log));
      }
    }
    return claimed;
  };

  return {
    async receive({ count, waitMs }) {
      const streams = domains.map(streamOf);
      try {
        if (performance.now() - lastClaimAt > claimEveryMs) {
          lastClaimAt = performance.now();
          const abandoned = await claimAbandoned(count);
          // There may be more than fits one hand: the next look is at once.
          if (abandoned.length > 0) {
            lastClaimAt = Number.NEGATIVE_INFINITY;
            return abandoned;
          }
        }
        const reply = (await reader.xreadgroup(
          'GROUP',
          group,
          consumer,
          'COUNT',
          count,
          'BLOCK',
          Math.min(waitMs, claimEveryMs),
          'STREAMS',
          ...streams,
          ...streams.map(() => '>'),
        )) as StreamReply;
        return deliveriesOf(reply, log);
      } catch (error) {
        // A Redis that lost its data has lost the groups too: begin again, inboxes drop what was handled.
        if (!(error instanceof Error) || !GROUP_IS_GONE.test(error.message)) throw error;
        log.warn({ group }, 'consumer group is gone; created again from the start');
        for (const stream of streams) await createGroup(redis, stream, group, '0');
        return [];
      }
    },

    async acknowledge(deliveries) {
      const byDomain = Map.groupBy(deliveries, ({ domain }) => domain);
      await Promise.all(
        [...byDomain].map(([domain, each]) =>
          redis.xack(streamOf(domain), group, ...each.map(({ position }) => position)),
        ),
      );
    },

    async bury(delivery, reason) {
      const letter: DeadLetter = {
        envelope: delivery.envelope,
        domain: delivery.domain,
        position: delivery.position,
        reason,
        attempts: delivery.attempt,
        at: new Date().toISOString(),
      };
      throwFirst(
        await redis
          .multi()
          .xadd(deadLettersOf(group), 'MAXLEN', '~', MAX_DEAD_LETTERS, '*', 'd', JSON.stringify(letter))
          .xack(streamOf(delivery.domain), group, delivery.position)
          .exec(),
      );
    },

    interrupt: () => closeRedis(reader),

    async close() {
      await Promise.all([closeRedis(reader), closeRedis(redis)]);
    },
  };
}

function followStreams(url: string, log: Logger, after: Readonly<Record<string, string>>): Follower {
  const positions: Record<string, string> = { ...after };
  const connection = connectRedis(url, { log, name: 'follower', options: { enableAutoPipelining: false } });
  // The rejection is met again by whoever calls next().
  connection.catch(() => undefined);
  return {
    async next(waitMs) {
      const redis = await connection;
      const domains = Object.keys(positions);
      const reply = (await redis.xread(
        'COUNT',
        FOLLOW_BATCH,
        'BLOCK',
        waitMs,
        'STREAMS',
        ...domains.map(streamOf),
        ...domains.map((domain) => positions[domain]!),
      )) as StreamReply;
      for (const [stream, entries] of reply ?? []) {
        positions[stream.slice('events:'.length)] = entries.at(-1)![0];
      }
      return deliveriesOf(reply, log);
    },
    close: async () => closeRedis(await connection),
  };
}

/** A pipeline resolves also when its commands failed. */
function throwFirst(replies: [error: Error | null, result: unknown][] | null): void {
  for (const [error] of replies ?? []) if (error) throw error;
}

async function createGroup(redis: Redis, stream: string, group: string, from: string): Promise<void> {
  try {
    await redis.xgroup('CREATE', stream, group, from, 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('BUSYGROUP')) throw error;
  }
}
