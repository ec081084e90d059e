import { listPage, pagingWithCreated } from '../http/listing.ts';
import { text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { closeDispute } from '../payments/dispute.ts';

const list = route({
  method: 'GET',
  path: '/v1/disputes',
  params: { ...pagingWithCreated, charge: text(), payment_intent: text() },
  run: (call, { charge, payment_intent, ...params }) =>
    listPage(call, 'dispute', { url: '/v1/disputes', where: { charge, payment_intent }, params }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/disputes/:id',
  params: {},
  run: (call) => fromPath(call, 'dispute'),
});

/** Closing is giving in. */
const close = route({
  method: 'POST',
  path: '/v1/disputes/:id/close',
  params: {},
  run: (call) => closeDispute(call, fromPath(call, 'dispute'), 'lost'),
});

export const disputeRoutes: Route[] = [list, retrieve, close];
