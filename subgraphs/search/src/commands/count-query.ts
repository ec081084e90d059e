import { createHash } from 'node:crypto';
import { principalOf, type Viewer } from '@marketgraph/platform/graphql';
import { plainWords } from '../domain/search-filter.ts';
import { countQuery } from '../store/asked.ts';
import type { CommandDeps } from './deps.ts';

/** Once in the time that is looked at: nobody counts as two people. */
const PERSON = { weight: 1, max: 1, periodS: 86_400 };
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
  const asker = createHash('sha256')
    .update(`${principalOf(viewer)} asked ${text}`)
    .digest('base64url');
  const counted = viewer.kind === 'anonymous' ? ANONYMOUS : PERSON;
  await countQuery(redis, text, { asker, ...counted, now: clock.now() });
}
