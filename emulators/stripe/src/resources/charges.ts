import { save } from '../events.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';

const list = route({
  method: 'GET',
  path: '/v1/charges',
  params: { ...pagingWithCreated, customer: text(), payment_intent: text(), transfer_group: text() },
  run: (call, { customer, payment_intent, transfer_group, ...params }) =>
    listPage(call, 'charge', { url: '/v1/charges', where: { customer, payment_intent, transfer_group }, params }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/charges/:id',
  params: {},
  run: (call) => fromPath(call, 'charge'),
});

const update = route({
  method: 'POST',
  path: '/v1/charges/:id',
  params: { description: text({ max: 1_000 }), metadata: metadata() },
  run(call, { description, metadata: change }) {
    const charge = fromPath(call, 'charge');
    if (description !== undefined) charge.description = description;
    charge.metadata = changedMetadata(charge.metadata, change);
    save(call, charge);
    return charge;
  },
});

export const chargeRoutes: Route[] = [list, retrieve, update];
