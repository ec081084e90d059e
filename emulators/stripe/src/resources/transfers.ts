import type Stripe from 'stripe';

import { invalidRequest, noSuch } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { listPage, paging, pagingWithCreated } from '../http/listing.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { currency, integer, oneOf, required, text } from '../http/params.ts';
import type { Call, Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { createTransfer, reverseTransfer } from '../payments/transfer.ts';
import { PLATFORM_ACCOUNT } from '../world.ts';

const create = route({
  method: 'POST',
  path: '/v1/transfers',
  params: {
    amount: required(integer({ min: 1 })),
    currency: required(currency()),
    destination: required(text()),
    description: text({ max: 1_000 }),
    metadata: metadata(),
    source_transaction: text(),
    source_type: oneOf(['card']),
    transfer_group: text({ max: 500 }),
  },
  run(call, { metadata: change, source_type: _always, ...input }) {
    if (call.account !== PLATFORM_ACCOUNT) {
      throw invalidRequest('Only the platform account may create transfers.', { status: 403 });
    }
    return createTransfer(call, { ...input, metadata: changedMetadata({}, change) });
  },
});

const list = route({
  method: 'GET',
  path: '/v1/transfers',
  params: { ...pagingWithCreated, destination: text(), transfer_group: text() },
  run: (call, { destination, transfer_group, ...params }) =>
    listPage(call, 'transfer', { url: '/v1/transfers', where: { destination, transfer_group }, params }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/transfers/:id',
  params: {},
  run: (call) => fromPath(call, 'transfer'),
});

const update = route({
  method: 'POST',
  path: '/v1/transfers/:id',
  params: { description: text({ max: 1_000 }), metadata: metadata() },
  run(call, { description, metadata: change }) {
    const transfer = fromPath(call, 'transfer');
    if (description !== undefined) transfer.description = description;
    transfer.metadata = changedMetadata(transfer.metadata, change);
    save(call, transfer);
    emit(call, 'transfer.updated', transfer);
    return transfer;
  },
});

const createReversal = route({
  method: 'POST',
  path: '/v1/transfers/:id/reversals',
  params: { amount: integer({ min: 1 }), metadata: metadata() },
  run: (call, { amount, metadata: change }) =>
    reverseTransfer(call, fromPath(call, 'transfer'), { amount, metadata: changedMetadata({}, change) }),
});

const listReversals = route({
  method: 'GET',
  path: '/v1/transfers/:id/reversals',
  params: paging,
  run(call, params) {
    const transfer = fromPath(call, 'transfer').id;
    return listPage(call, 'transfer_reversal', {
      url: `/v1/transfers/${transfer}/reversals`,
      where: { transfer },
      params,
    });
  },
});

const retrieveReversal = route({
  method: 'GET',
  path: '/v1/transfers/:id/reversals/:reversal',
  params: {},
  run: (call) => reversalOf(call, fromPath(call, 'transfer')),
});

export const transferRoutes: Route[] = [
  create,
  list,
  retrieve,
  update,
  createReversal,
  listReversals,
  retrieveReversal,
];

function reversalOf(call: Call, transfer: Stripe.Transfer): Stripe.TransferReversal {
  const reversal = fromPath(call, 'transfer_reversal', 'reversal');
  if (reversal.transfer === transfer.id) return reversal;
  throw noSuch('transfer reversal', reversal.id, { param: 'id', status: 404 });
}
