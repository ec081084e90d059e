import type Stripe from 'stripe';

import { invalidRequest } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { addressParam } from '../http/address.ts';
import { listPage, paging } from '../http/listing.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { emptyable, hash, integer, oneOf, required, text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromParam, fromPath, route } from '../http/route.ts';
import {
  behaviourOf,
  billingDetails,
  cardError,
  createPaymentMethod,
  paymentMethodOf,
} from '../payments/payment-methods.ts';

const billingParam = hash({
  address: emptyable(addressParam),
  email: emptyable(text({ max: 512 })),
  name: emptyable(text()),
  phone: emptyable(text({ max: 50 })),
});

const redisplay = oneOf(['always', 'limited', 'unspecified']);

export const paymentMethodParams = {
  type: required(oneOf(['card'])),
  card: hash({
    number: text({ max: 40 }),
    exp_month: integer(),
    exp_year: integer(),
    cvc: text({ max: 8 }),
    token: text(),
  }),
  billing_details: billingParam,
  metadata: metadata(),
  allow_redisplay: redisplay,
};

const create = route({
  method: 'POST',
  path: '/v1/payment_methods',
  params: paymentMethodParams,
  publishable: true,
  run: (call, params) => createPaymentMethod(call, params),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/payment_methods/:id',
  params: {},
  run: (call) => fromPath(call, 'payment_method'),
});

const update = route({
  method: 'POST',
  path: '/v1/payment_methods/:id',
  params: { billing_details: billingParam, metadata: metadata(), allow_redisplay: redisplay },
  run(call, { billing_details, metadata: change, allow_redisplay }) {
    const method = fromPath(call, 'payment_method');
    if (billing_details) method.billing_details = billingDetails({ ...method.billing_details, ...billing_details });
    method.metadata = changedMetadata(method.metadata, change);
    if (allow_redisplay) method.allow_redisplay = allow_redisplay;
    save(call, method);
    return method;
  },
});

const list = route({
  method: 'GET',
  path: '/v1/payment_methods',
  params: { ...paging, customer: text(), type: oneOf(['card', 'us_bank_account']) },
  run(call, { customer, type, ...params }) {
    if (customer === undefined) return { object: 'list', data: [], has_more: false, url: '/v1/payment_methods' };
    fromParam(call, 'customer', customer, 'customer');
    return listPage(call, 'payment_method', { url: '/v1/payment_methods', where: { customer, type }, params });
  },
});

const listOfCustomer = route({
  method: 'GET',
  path: '/v1/customers/:id/payment_methods',
  params: { ...paging, type: oneOf(['card', 'us_bank_account']) },
  run(call, { type, ...params }) {
    const customer = fromPath(call, 'customer').id;
    const url = `/v1/customers/${customer}/payment_methods`;
    return listPage(call, 'payment_method', { url, where: { customer, type }, params });
  },
});

const attach = route({
  method: 'POST',
  path: '/v1/payment_methods/:id/attach',
  params: { customer: required(text()) },
  run(call, { customer }) {
    const owner = fromParam(call, 'customer', customer, 'customer');
    const method = paymentMethodOf(call, call.ids['id']!, 'payment_method');
    assertAttachable(method, call.world.objects.hidden(method.id)['detached'] === true);
    const behaviour = behaviourOf(call, method.id);
    if (behaviour.kind === 'card' && behaviour.refusesAttach && behaviour.decline) throw cardError(behaviour.decline);
    method.customer = owner.id;
    save(call, method);
    emit(call, 'payment_method.attached', method);
    return method;
  },
});

const detach = route({
  method: 'POST',
  path: '/v1/payment_methods/:id/detach',
  params: {},
  run(call) {
    const method = fromPath(call, 'payment_method');
    if (method.customer === null) {
      throw invalidRequest(
        'The payment method you provided is not attached to a customer so detachment is impossible.',
        { param: 'payment_method' },
      );
    }
    const { customer } = method;
    method.customer = null;
    save(call, method);
    call.world.objects.hide(method.id, { detached: true });
    emit(call, 'payment_method.detached', method, { customer });
    return method;
  },
});

export const paymentMethodRoutes: Route[] = [create, list, listOfCustomer, retrieve, update, attach, detach];

function assertAttachable(method: Stripe.PaymentMethod, isDetached: boolean): void {
  if (isDetached) {
    throw invalidRequest(
      'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, ' +
        'and may not be used again.',
      { param: 'payment_method' },
    );
  }
  if (method.customer !== null) {
    throw invalidRequest('The payment method you provided has already been attached to a customer.', {
      param: 'payment_method',
    });
  }
}
