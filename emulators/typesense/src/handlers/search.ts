import { ApiError, badRequest, unsupported } from '../http/api-error.ts';
import { parseJson } from '../http/body.ts';
import type { Call, Route } from '../http/route.ts';
import { parseSearchParameters } from '../search/parameters.ts';
import { search } from '../search/run.ts';
import { breathe } from '../store/turns.ts';

// The real server's default for `limit_multi_searches`.
const MAX_SEARCHES = 50;

export const searchRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/collections/:collection/documents/search',
    handle({ catalog, path, query }) {
      const collection = catalog.collection(path['collection'] ?? '');
      return { json: search(catalog, collection, parseSearchParameters(readQuery(query))) };
    },
  },
  {
    method: 'POST',
    path: '/multi_search',
    async handle(call) {
      const input = parseJson(call.body);
      if (typeof input !== 'object' || input === null) throw badRequest('Bad JSON.');
      const { searches, union = false, remove_duplicates, ...rest } = input as Record<string, unknown>;
      if (union !== false || remove_duplicates !== undefined) throw unsupported('A union of searches');
      const unknown = Object.keys(rest)[0];
      if (unknown !== undefined) throw unsupported(`\`${unknown}\` in a multi search`);
      if (!Array.isArray(searches)) throw badRequest('Missing `searches` array.');
      if (searches.length > MAX_SEARCHES)
        throw badRequest(`Number of multi searches exceeds \`limit_multi_searches\` parameter of ${MAX_SEARCHES}.`);
      const results: object[] = [];
      for (const entry of searches) {
        results.push(searchEntry(call, entry));
        await breathe();
      }
      return { json: { results } };
    },
  },
];

/** One entry fails on its own: the others are still answered. */
function searchEntry(call: Call, entry: unknown): object {
  try {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw badRequest('Bad JSON.');
    const parameters: Record<string, unknown> = { ...readQuery(call.query), ...entry };
    const name = parameters['collection'];
    if (typeof name !== 'string') throw badRequest('Parameter `collection` is required.');
    return search(call.catalog, call.catalog.collection(name), parseSearchParameters(parameters));
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    return { code: cause.status, error: cause.message };
  }
}

function readQuery(query: URLSearchParams): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of query) {
    if (name in parameters) throw badRequest(`Parameter \`${name}\` is given twice.`);
    parameters[name] = value;
  }
  return parameters;
}
