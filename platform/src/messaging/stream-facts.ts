import type { Redis } from '../redis/redis.ts';
import type { GroupState } from './bus.ts';

type Facts = ReadonlyMap<string, string | number | null>;

/** What Redis tells of a stream; null when it does not exist. */
export async function streamFacts(redis: Redis, stream: string): Promise<Facts | null> {
  const facts = (await orNull(redis.xinfo('STREAM', stream))) as unknown[] | null;
  return facts && factsOf(facts);
}

export async function groupStates(redis: Redis, stream: string): Promise<GroupState[]> {
  const groups = ((await orNull(redis.xinfo('GROUPS', stream))) ?? []) as unknown[][];
  return Promise.all(
    groups.map(async (group) => {
      const facts = factsOf(group);
      const name = String(facts.get('name'));
      const pending = Number(facts.get('pending') ?? 0);
      const handedOut = String(facts.get('last-delivered-id') ?? '0-0');
      const oldest = await oldestUnhandled(redis, stream, { name, pending, handedOut });
      // Where entries were deleted Redis does not know the distance any more.
      const lag = facts.get('lag') ?? (await redis.xrange(stream, `(${handedOut}`, '+', 'COUNT', COUNTED)).length;
      return { name, pending, lag: Number(lag), ...(oldest === undefined ? {} : { oldestAt: oldest }) };
    }),
  );
}

/** Enough to see that a group is far behind. */
const COUNTED = 10_000;

async function oldestUnhandled(
  redis: Redis,
  stream: string,
  { name, pending, handedOut }: { name: string; pending: number; handedOut: string },
): Promise<number | undefined> {
  if (pending > 0) {
    const [, first] = (await redis.xpending(stream, name)) as [number, string | null];
    if (first) return timeOf(first);
  }
  const [next] = await redis.xrange(stream, `(${handedOut}`, '+', 'COUNT', 1);
  return next && timeOf(next[0]);
}

/** A position begins with the milliseconds of its publication. */
function timeOf(position: string): number {
  return Number(position.split('-', 1)[0]);
}

/** Names and values by turns. */
function factsOf(turns: readonly unknown[]): Facts {
  const facts = new Map<string, string | number | null>();
  for (let at = 0; at + 1 < turns.length; at += 2) {
    const value = turns[at + 1];
    if (value === null || typeof value === 'number' || typeof value === 'string') facts.set(String(turns[at]), value);
  }
  return facts;
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such key')) return null;
    throw error;
  }
}
