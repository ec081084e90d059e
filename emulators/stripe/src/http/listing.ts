import { noSuch } from '../api-error.ts';
import type { ListQuery, ObjectType, ObjectTypes } from '../store/objects.ts';
import type { TimeRange } from './params.ts';
import { integer, text, timeRange } from './params.ts';
import type { Call } from './route.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

/** The parameters every list takes. */
export const paging = {
  limit: integer({ min: 1, max: MAX_LIMIT }),
  starting_after: text(),
  ending_before: text(),
};

export const pagingWithCreated = { ...paging, created: timeRange() };

interface PagingParams {
  limit?: number | undefined;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
  created?: TimeRange | undefined;
}

export interface ApiPage<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  url: string;
}

/** One page, newest first, in Stripe's list envelope. */
export function listPage<T extends ObjectType>(
  call: Call,
  type: T,
  { url, where, params }: { url: string; where?: ListQuery['where']; params: PagingParams },
): ApiPage<ObjectTypes[T]> {
  const limit = params.limit ?? DEFAULT_LIMIT;
  const position = (id: string | undefined, param: string) => {
    if (id === undefined) return undefined;
    const found = call.world.objects.position(call.account, type, id);
    if (found !== undefined) return found;
    throw noSuch(type, id, { param, status: 400 });
  };
  const after = position(params.starting_after, 'starting_after');
  const before = position(params.ending_before, 'ending_before');
  const found = call.world.objects.list({
    account: call.account,
    type,
    where,
    created: params.created,
    after,
    before,
    limit: limit + 1,
  });
  // Read backwards, the surplus row is the newest one; forwards, the oldest.
  const surplus = found.length > limit;
  const data = surplus ? (before === undefined ? found.slice(0, limit) : found.slice(1)) : found;
  return { object: 'list', data, has_more: surplus, url };
}
