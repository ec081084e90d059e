import { hash } from 'node:crypto';
import { principalOf, type Viewer } from '@marketgraph/platform/graphql';
import { plainWords } from '../domain/search-filter.ts';
import { type AskedQuery, countQueries } from '../store/asked.ts';
import type { CommandDeps } from './deps.ts';

/** Once in the time that is looked at: nobody counts as two people. */
const PERSON = { weight: 1, max: 1, periodS: 86_400 };
/** Visitors without an account look alike, so each counts as a tenth; together they may ask the same this often per hour. */
const ANONYMOUS = { weight: 0.1, max: 100, periodS: 3_600 };
/** Less is no query yet, more is nobody else's. */
const LENGTHS = { min: 3, max: 60 };

/** How long a query waits at most until it is counted, for others to go with it. */
const TOGETHER_MS = 100;
/** As many as go with one command; more at a time are only hints that are lost. */
const MAX_TOGETHER = 200;

/** What was asked and found something, for suggestions. */
export interface QueryCount {
  /** Notes it; nobody waits for what is only a hint to others. */
  note(query: string, viewer: Viewer): void;
  /** Counts what was noted last, and notes no more. */
  stop(): Promise<void>;
}

export function startQueryCount({ redis, clock, log }: Pick<CommandDeps, 'redis' | 'clock' | 'log'>): QueryCount {
  let waiting: AskedQuery[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const asked = waiting;
    waiting = [];
    await countQueries(redis, asked).catch((error: unknown) => log.warn({ err: error }, 'queries not counted'));
  };
  return {
    note(query, viewer) {
      const asked = toAsked(query, viewer, clock.now());
      if (!asked || isStopped || waiting.length >= MAX_TOGETHER) return;
      waiting.push(asked);
      timer ??= setTimeout(() => void flush(), TOGETHER_MS);
    },
    stop() {
      isStopped = true;
      return flush();
    },
  };
}

/** Counts a query that led somewhere, at once. */
export async function rememberQuery(
  { redis, clock }: CommandDeps,
  { query, viewer }: { query: string; viewer: Viewer },
): Promise<void> {
  const asked = toAsked(query, viewer, clock.now());
  if (asked) await countQueries(redis, [asked]);
}

/** Once a day and person. */
function toAsked(query: string, viewer: Viewer, at: Date): AskedQuery | null {
  const text = plainWords(query).toLowerCase();
  if (text.length < LENGTHS.min || text.length > LENGTHS.max) return null;
  const asker = hash('sha256', `${principalOf(viewer)} asked ${text}`, 'base64url');
  return { text, asker, at, ...(viewer.kind === 'anonymous' ? ANONYMOUS : PERSON) };
}
