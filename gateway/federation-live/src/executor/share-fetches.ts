import type { ServiceAnswer, ServiceFetcher } from './executor.ts';

/** What one event may ask; beyond it fetches are made without being remembered. */
const MAX_SHARED = 10_000;

/**
 * Fetches that are equal are made once: for all the plans that one event runs.
 * Keep it no longer than the event. Only plans that run for the same viewer
 * may share, since an answer is what that viewer may see.
 */
export function shareFetches(fetch: ServiceFetcher, onFetch?: () => void): ServiceFetcher {
  const answers = new Map<string, Promise<ServiceAnswer>>();
  return (request) => {
    const key = `${request.service}\n${canonicalJson(request.variables)}\n${request.query}`;
    let answer = answers.get(key);
    if (!answer) {
      onFetch?.();
      answer = fetch(request);
      if (answers.size < MAX_SHARED) answers.set(key, answer);
    }
    return answer;
  };
}

/** JSON that does not depend on the order in which fields were written. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  // What says itself how it is written, a date for example, does so here too.
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON());
  const fields = value as Record<string, unknown>;
  let text = '';
  for (const name of Object.keys(fields).toSorted()) {
    if (fields[name] === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(fields[name])}`;
  }
  return `{${text}}`;
}
