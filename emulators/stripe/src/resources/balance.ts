import type Stripe from 'stripe';

import { invalidRequest } from '../api-error.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { currency, text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { fundsOf } from '../payments/balance.ts';

const retrieve = route({
  method: 'GET',
  path: '/v1/balance',
  params: {},
  run(call): Stripe.Balance {
    const funds = fundsOf(call);
    const known = funds.length > 0 ? funds : [{ currency: 'usd', available: 0, pending: 0 }];
    const amounts = (field: 'available' | 'pending') =>
      known.map((entry) => ({
        amount: entry[field],
        currency: entry.currency,
        source_types: { card: entry[field] },
      }));
    return { object: 'balance', available: amounts('available'), livemode: false, pending: amounts('pending') };
  },
});

const list = route({
  method: 'GET',
  path: '/v1/balance_transactions',
  params: { ...pagingWithCreated, currency: currency(), payout: text(), source: text(), type: text() },
  run(call, { currency, payout, source, type, ...params }) {
    if (payout !== undefined) {
      // Only automatic payouts know what they consist of, and there are none here.
      throw invalidRequest('Balance transaction history can only be filtered on automatic transfers, not manual.', {
        param: 'payout',
      });
    }
    return listPage(call, 'balance_transaction', {
      url: '/v1/balance_transactions',
      where: { currency, source, type },
      params,
    });
  },
});

const retrieveEntry = route({
  method: 'GET',
  path: '/v1/balance_transactions/:id',
  params: {},
  run: (call) => fromPath(call, 'balance_transaction'),
});

export const balanceRoutes: Route[] = [retrieve, list, retrieveEntry];
