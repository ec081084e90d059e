import { createHash } from 'node:crypto';
import { principalOf, type Viewer } from '@marketgraph/platform/graphql';
import { plainWords } from '../domain/search-filter.ts';
import { countQuery } from '../store/asked.ts';
import { isFirst, isWithin } from '../store/interest.ts';
import type { CommandDeps } from './deps.ts';

/** As long as what is asked is looked at: nobody counts as two people. */
const PERSON_S = 86_400;
/** Visitors without an account look alike, so each counts as a tenth; together they may ask the same this often per hour. */
const ANONYMOUS = { weight: 0.1, max: 100, periodS: 3_600 };
/** Less is no query yet, more is nobody else's. */
const LENGTHS = { min: 3, max: 60 };

/** Counts a query that found something, for suggestions: once a day and person. */
export async function rememberQuery(
  { redis, clock }: CommandDeps,
  { query, viewer }: { query: string; viewer: Viewer },
): Promise<void> {
  const text = plainWords(query).toLowerCase();
  if (text.length < LENGTHS.min || text.length > LENGTHS.max) return;
  const key = createHash('sha256')
    .update(`${principalOf(viewer)} asked ${text}`)
    .digest('base64url');
  const isAnonymous = viewer.kind === 'anonymous';
  const counts = isAnonymous
    ? await isWithin(redis, key, ANONYMOUS.max, ANONYMOUS.periodS)
    : await isFirst(redis, key, PERSON_S);
  if (counts) await countQuery(redis, text, { weight: isAnonymous ? ANONYMOUS.weight : 1, now: clock.now() });
}
