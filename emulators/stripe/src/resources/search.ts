import { invalidRequest } from '../api-error.ts';
import { integer, required, text } from '../http/params.ts';
import type { Call, Route } from '../http/route.ts';
import { route } from '../http/route.ts';
import { readSearchQuery } from '../http/search-query.ts';

const params = { query: required(text()), limit: integer({ min: 1, max: 100 }), page: text() };

const grammars = {
  payment_intent: { exact: ['currency', 'customer', 'status'], numeric: ['amount', 'created'] },
  charge: {
    exact: ['currency', 'customer', 'disputed', 'refunded', 'status'],
    numeric: ['amount', 'created'],
  },
} as const;

/** Lags behind the lists on purpose: a search right after a write does not find it, here as at Stripe. */
const searchOf = (type: keyof typeof grammars, url: string) =>
  route({
    method: 'GET',
    path: url,
    params,
    run: (call, { query, limit = 10, page }) => search(call, { type, url, query, limit, page }),
  });

interface Search {
  type: keyof typeof grammars;
  url: string;
  query: string;
  limit: number;
  page: string | undefined;
}

function search(call: Call, { type, url, query, limit, page }: Search) {
  const matches = readSearchQuery(query, grammars[type]);
  const skip = page === undefined ? 0 : Number(page);
  if (!Number.isSafeInteger(skip) || skip < 0) throw invalidRequest('Invalid page token.', { param: 'page' });
  const data: unknown[] = [];
  let position = 0;
  for (const object of call.world.objects.searchable(call.account, type, Date.now())) {
    if (!matches(object as unknown as Record<string, unknown>)) continue;
    position += 1;
    if (position <= skip) continue;
    if (data.length === limit) {
      return { object: 'search_result', data, has_more: true, next_page: String(skip + limit), url };
    }
    data.push(object);
  }
  return { object: 'search_result', data, has_more: false, next_page: null, url };
}

export const searchRoutes: Route[] = [
  searchOf('payment_intent', '/v1/payment_intents/search'),
  searchOf('charge', '/v1/charges/search'),
];
