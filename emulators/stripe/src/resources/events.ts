import { invalidRequest } from '../api-error.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { listOf, text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';

const list = route({
  method: 'GET',
  path: '/v1/events',
  params: { ...pagingWithCreated, type: text(), types: listOf(text(), { max: 20 }) },
  run(call, { type, types, ...params }) {
    if (types !== undefined && types.length > 1) {
      throw invalidRequest('This emulator lists events of one type or of all types.', { param: 'types' });
    }
    return listPage(call, 'event', { url: '/v1/events', where: { type: type ?? types?.[0] }, params });
  },
});

const retrieve = route({
  method: 'GET',
  path: '/v1/events/:id',
  params: {},
  run: (call) => fromPath(call, 'event'),
});

export const eventRoutes: Route[] = [list, retrieve];
