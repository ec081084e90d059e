import type { Clock } from '../core/core.ts';
import type { Logger } from '../telemetry/telemetry.ts';
import type { Database } from './database.ts';

/** What two clocks drift apart meanwhile is less than what a command takes. */
const COMPARE_EVERY_MS = 30_000;
/** Comparisons differ by the time an answer takes; a step back of more than this is the database's own. */
const MAX_JITTER_MS = 1_000;

/**
 * The database's time, which every copy of a service agrees on: deadlines that one of them writes and another one reads,
 * or the database itself compares, mean the same moment, however wrong the machine of either is. Between comparisons the
 * time goes on by a clock that nobody sets, so it is had without asking, and never goes back.
 */
export async function databaseClock(orm: Database, log: Logger): Promise<Clock> {
  let known = await compare(orm);
  let isComparing = false;
  let lastMs = 0;

  const refresh = async () => {
    isComparing = true;
    try {
      known = await compare(orm);
    } catch (error) {
      // A database that is away is not asked again with every command.
      known = { databaseMs: timeOf(known), at: performance.now() };
      log.debug({ err: error }, 'clocks could not be compared');
    } finally {
      isComparing = false;
    }
  };

  return {
    now() {
      if (!isComparing && performance.now() - known.at > COMPARE_EVERY_MS) void refresh();
      const ms = timeOf(known);
      lastMs = ms < lastMs && lastMs - ms < MAX_JITTER_MS ? lastMs : ms;
      return new Date(lastMs);
    },
  };
}

interface Comparison {
  databaseMs: number;
  at: number;
}

function timeOf({ databaseMs, at }: Comparison): number {
  return Math.floor(databaseMs + performance.now() - at);
}

async function compare(orm: Database): Promise<Comparison> {
  const asked = performance.now();
  const [row] = await orm.em
    .fork()
    .execute<{ ms: string }[]>('select extract(epoch from clock_timestamp()) * 1000 as ms');
  const answered = performance.now();
  return { databaseMs: Number(row?.ms), at: (asked + answered) / 2 };
}
