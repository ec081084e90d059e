import { createHash } from 'node:crypto';
import { principalOf, type Viewer } from '@marketgraph/platform/graphql';
import { plainWords } from '../domain/search-filter.ts';
import { countQuery } from '../store/asked.ts';
import { isFirst, isWithin } from '../store/interest.ts';
import type { CommandDeps } from './deps.ts';

const PERIOD_S = 3_600;
/** Visitors without an account look alike; together they may ask the same this often per hour. */
const MAX_ANONYMOUS = 30;
/** Less is no query yet, more is nobody else's. */
const LENGTHS = { min: 3, max: 60 };

/** Counts a query that found something, for suggestions: once per hour and person. */
export async function rememberQuery(
  { redis, clock }: CommandDeps,
  { query, viewer }: { query: string; viewer: Viewer },
): Promise<void> {
  const text = plainWords(query).toLowerCase();
  if (text.length < LENGTHS.min || text.length > LENGTHS.max) return;
  const key = createHash('sha256')
    .update(`${principalOf(viewer)} asked ${text}`)
    .digest('base64url');
  const counts =
    viewer.kind === 'anonymous'
      ? await isWithin(redis, key, MAX_ANONYMOUS, PERIOD_S)
      : await isFirst(redis, key, PERIOD_S);
  if (counts) await countQuery(redis, text, clock.now());
}
