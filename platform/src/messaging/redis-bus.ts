import { randomUUID } from 'node:crypto';
import { closeRedis, connectRedis, type Redis } from '../redis/redis.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import type { DeadLetter, Delivery, EventBus, Follower, GroupMember } from './bus.ts';
import { deadLettersOf, type EventEnvelope, streamOf } from './envelope.ts';

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

type StreamEntry = [id: string, fields: string[]];
type StreamReply = [stream: string, entries: StreamEntry[]][] | null;

export async function createRedisBus(options: RedisBusOptions): Promise<EventBus> {
  const { url, log, keepEvents = DEFAULT_KEEP_EVENTS, claimAfterMs = DEFAULT_CLAIM_AFTER_MS } = options;
  const redis = await connectRedis(url, { log, name: 'bus' });
  const open = new Set<{ close(): Promise<void> }>();

  const publish: EventBus['publish'] = async (domain, envelopes) => {
    if (envelopes.length === 0) return [];
    const pipeline = redis.pipeline();
    for (const envelope of envelopes) {
      pipeline.xadd(streamOf(domain), 'MAXLEN', '~', keepEvents, '*', 'e', JSON.stringify(envelope));
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
      return facts !== null && Number(fieldOf(facts, 'entries-added') ?? 0) > length;
    },

    async read(domain, { after, count }) {
      const entries = await redis.xrange(streamOf(domain), `(${after}`, '+', 'COUNT', Math.min(count, READ_BATCH));
      return entries.flatMap((entry) => deliveryOf(domain, entry, 1, log) ?? []);
    },

    follow(after) {
      const follower = followStreams(url, log, after);
      open.add(follower);
      return { next: follower.next, close: () => (open.delete(follower), follower.close()) };
    },

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
  const redis = await connectRedis(url, { log, name: `group ${group} acks` });
  let lastClaimAt = 0;

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
        const delivery = deliveryOf(domain, entry, pending[0]?.[3] ?? 1, log);
        if (delivery) claimed.push(delivery);
      }
    }
    return claimed;
  };

  return {
    async receive({ count, waitMs }) {
      if (Date.now() - lastClaimAt > claimAfterMs / 3) {
        lastClaimAt = Date.now();
        const abandoned = await claimAbandoned(count);
        if (abandoned.length > 0) return abandoned;
      }
      const streams = domains.map(streamOf);
      try {
        const reply = (await reader.xreadgroup(
          'GROUP',
          group,
          consumer,
          'COUNT',
          count,
          'BLOCK',
          waitMs,
          'STREAMS',
          ...streams,
          ...streams.map(() => '>'),
        )) as StreamReply;
        return deliveriesOf(reply, log);
      } catch (error) {
        // A Redis that lost its data has lost the groups too: begin again, inboxes drop what was handled.
        if (!(error instanceof Error) || !error.message.includes('NOGROUP')) throw error;
        log.warn({ group }, 'consumer group is gone; created again from the start');
        for (const stream of streams) await createGroup(redis, stream, group, '0');
        return [];
      }
    },

    async acknowledge(deliveries) {
      if (deliveries.length === 0) return;
      const pipeline = redis.pipeline();
      for (const { domain, position } of deliveries) pipeline.xack(streamOf(domain), group, position);
      await pipeline.exec();
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
      await redis
        .multi()
        .xadd(deadLettersOf(group), 'MAXLEN', '~', MAX_DEAD_LETTERS, '*', 'd', JSON.stringify(letter))
        .xack(streamOf(delivery.domain), group, delivery.position)
        .exec();
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
        READ_BATCH,
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

/** Names and values by turns; null when the stream does not exist. */
async function streamFacts(redis: Redis, stream: string): Promise<string[] | null> {
  try {
    const facts = (await redis.xinfo('STREAM', stream)) as unknown[];
    return facts.map((fact) => (typeof fact === 'number' ? String(fact) : typeof fact === 'string' ? fact : ''));
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return null;
    throw error;
  }
}

async function createGroup(redis: Redis, stream: string, group: string, from: string): Promise<void> {
  try {
    await redis.xgroup('CREATE', stream, group, from, 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('BUSYGROUP')) throw error;
  }
}

function deliveriesOf(reply: StreamReply, log: Logger): Delivery[] {
  return (reply ?? []).flatMap(([stream, entries]) =>
    entries.flatMap((entry) => deliveryOf(stream.slice('events:'.length), entry, 1, log) ?? []),
  );
}

/** An entry that is not an envelope still gets a delivery: its group buries it with the reason. */
function deliveryOf(domain: string, [position, fields]: StreamEntry, attempt: number, log: Logger): Delivery | null {
  const text = fields ? fieldOf(fields, 'e') : undefined;
  try {
    return { domain, position, attempt, envelope: JSON.parse(text ?? '') as EventEnvelope };
  } catch {
    log.error({ domain, position }, 'unreadable event');
    const envelope = {
      id: position,
      name: 'unreadable',
      version: 0,
      occurredAt: '',
      key: '',
      sequence: 0,
      payload: text,
    };
    return { domain, position, attempt, envelope };
  }
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.indexOf(name);
  return at < 0 ? undefined : fields[at + 1];
}
