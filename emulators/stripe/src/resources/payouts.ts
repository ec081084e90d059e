import { save } from '../events.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { currency, integer, oneOf, required, text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { cancelPayout, createPayout } from '../payments/payout.ts';

const create = route({
  method: 'POST',
  path: '/v1/payouts',
  params: {
    amount: required(integer({ min: 1 })),
    currency: required(currency()),
    description: text({ max: 1_000 }),
    destination: text(),
    metadata: metadata(),
    method: oneOf(['standard']),
    source_type: oneOf(['card']),
    statement_descriptor: text({ max: 22 }),
  },
  run: (call, { metadata: change, method: _standard, source_type: _card, ...input }) =>
    createPayout(call, { ...input, metadata: changedMetadata({}, change) }),
});

const list = route({
  method: 'GET',
  path: '/v1/payouts',
  params: { ...pagingWithCreated, destination: text(), status: text() },
  run: (call, { destination, status, ...params }) =>
    listPage(call, 'payout', { url: '/v1/payouts', where: { destination, status }, params }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/payouts/:id',
  params: {},
  run: (call) => fromPath(call, 'payout'),
});

const update = route({
  method: 'POST',
  path: '/v1/payouts/:id',
  params: { metadata: metadata() },
  run(call, { metadata: change }) {
    const payout = fromPath(call, 'payout');
    payout.metadata = changedMetadata(payout.metadata, change);
    save(call, payout);
    return payout;
  },
});

const cancel = route({
  method: 'POST',
  path: '/v1/payouts/:id/cancel',
  params: {},
  run: (call) => cancelPayout(call, fromPath(call, 'payout')),
});

export const payoutRoutes: Route[] = [create, list, retrieve, update, cancel];
