import { SearchIndexDocument, type SearchIndexQuery } from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import type { Check } from '../check.ts';
import { judgeSkew, skewMs } from '../clock.ts';

/** The `Date` of an answer has no fractions. */
const DATE_MS = 1_000;

/** Whether the gateway answers, has all its subgraphs, and agrees about the time. */
export function graphCheck(graphUrl: string): Check {
  return {
    id: 'graph',
    async run({ now, signal }) {
      const asked = now();
      const response = await fetch(new URL('/ready', graphUrl), { signal });
      const theirs = Date.parse(response.headers.get('date') ?? '');
      // Whatever it was within that second.
      const skew = Number.isNaN(theirs) ? 0 : skewMs({ asked: asked - DATE_MS, answered: now() }, theirs);
      const { ready, missing } = (await response.json()) as { ready: boolean; missing: string[] };
      const facts = { ready, missing: missing.join(', '), skewMs: Math.round(skew) };
      if (missing.length > 0 || !ready) {
        const reason = missing.length > 0 ? `without ${missing.join(', ')}` : 'it is about to stop';
        const advice = 'Their own /ready says which store does not answer; see their logs.';
        return { status: ready ? 'warn' : 'fail', reason, advice, facts };
      }
      return { ...(judgeSkew(skew) ?? { status: 'ok', reason: 'ready, nothing is missing' }), facts };
    },
  };
}

/** What a search may be behind; a minute is what the alert bears. */
const WARN_LAG_MS = 5_000;
const FAIL_LAG_MS = 60_000;

/** How old what searches find may be, as the owner of the index measures it. */
export function indexLagCheck(graphUrl: string): Check {
  return {
    id: 'index-lag',
    async run({ signal }) {
      const response = await fetch(new URL('/graphql', graphUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // A listed operation: it is answered where nothing else is.
        body: JSON.stringify({ query: print(SearchIndexDocument), operationName: 'SearchIndex' }),
        signal,
      });
      const { data, errors } = (await response.json()) as {
        data?: SearchIndexQuery | null;
        errors?: { message: string }[];
      };
      const index = data?.searchIndex;
      if (!index) throw new Error(errors?.[0]?.message ?? `The graph answered ${response.status}.`);
      const { liveVersion, lagMs, lastEventAt } = index;
      const facts = { liveVersion, lagMs, lastEventAt };
      if (liveVersion === '') {
        const advice = 'Let an operator run searchReindex(reason:).';
        return { status: 'fail', reason: 'there is no live index', advice, facts };
      }
      if (lagMs < WARN_LAG_MS) return { status: 'ok', reason: `${liveVersion}, ${lagMs} ms behind`, facts };
      return {
        status: lagMs >= FAIL_LAG_MS ? 'fail' : 'warn',
        reason: `${liveVersion} is ${Math.round(lagMs / 1_000)} s behind`,
        advice: 'See the group `search` and its log; searchReindex(reason:) builds the index anew.',
        facts,
      };
    },
  };
}
