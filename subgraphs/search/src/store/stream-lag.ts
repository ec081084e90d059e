import type { Redis } from '@marketgraph/platform/redis';

/**
 * Since when the oldest event waits that the group has not handled, in
 * milliseconds since the epoch; null when none does. Positions in a stream begin with the time.
 */
export async function waitingSince(redis: Redis, domain: string, group: string): Promise<number | null> {
  const stream = `events:${domain}`;
  const groups = await groupsOf(redis, stream);
  const own = groups.find((facts) => facts.get('name') === group);
  if (!own) return null;
  const unread = await redis.xrange(stream, `(${own.get('last-delivered-id') ?? '0-0'}`, '+', 'COUNT', 1);
  const pending = (await redis.xpending(stream, group)) as [number, string | null, string | null, unknown];
  const oldest = [pending[1], unread[0]?.[0]].flatMap((position) => (position ? [timeOf(position)] : []));
  return oldest.length > 0 ? Math.min(...oldest) : null;
}

async function groupsOf(redis: Redis, stream: string): Promise<Map<string, string>[]> {
  try {
    const groups = (await redis.xinfo('GROUPS', stream)) as unknown[][];
    return groups.map((facts) => {
      const pairs = facts.map(String);
      return new Map(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]!] as const] : [])));
    });
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return [];
    throw error;
  }
}

function timeOf(position: string): number {
  return Number(position.split('-')[0]);
}
