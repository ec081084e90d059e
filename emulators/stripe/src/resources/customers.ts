import type Stripe from 'stripe';

import { emit, save } from '../events.ts';
import { addressParam, shippingParam } from '../http/address.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { emptyable, text } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { newId, randomText } from '../ids.ts';
import { paymentMethodOf } from '../payments/payment-methods.ts';
import { seconds } from '../world.ts';

const params = {
  address: emptyable(addressParam),
  description: text({ max: 1_000 }),
  email: text({ max: 512 }),
  metadata: metadata(),
  name: text({ max: 256 }),
  phone: text({ max: 50 }),
  shipping: emptyable(shippingParam),
};

const create = route({
  method: 'POST',
  path: '/v1/customers',
  params: { ...params, payment_method: text() },
  run(call, { payment_method, metadata: change, ...details }) {
    const customer: Stripe.Customer = {
      id: newId('cus'),
      object: 'customer',
      address: null,
      balance: 0,
      created: seconds(call.nowMs),
      currency: null,
      customer_account: null,
      default_source: null,
      delinquent: false,
      description: null,
      discount: null,
      email: null,
      invoice_prefix: randomText(8).toUpperCase(),
      invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
      livemode: false,
      name: null,
      next_invoice_sequence: 1,
      phone: null,
      preferred_locales: [],
      tax_exempt: 'none',
      test_clock: null,
      metadata: changedMetadata({}, change),
      ...defined(details),
      shipping: details.shipping ?? null,
    };
    call.world.objects.insert(call.account, 'customer', customer, { created: customer.created });
    emit(call, 'customer.created', customer);
    if (payment_method !== undefined) {
      const method = paymentMethodOf(call, payment_method, 'payment_method');
      method.customer = customer.id;
      save(call, method);
      emit(call, 'payment_method.attached', method);
    }
    return customer;
  },
});

const list = route({
  method: 'GET',
  path: '/v1/customers',
  params: { ...pagingWithCreated, email: text() },
  run: (call, { email, ...rest }) =>
    listPage(call, 'customer', { url: '/v1/customers', where: { email }, params: rest }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/customers/:id',
  params: {},
  run: (call) => fromPath(call, 'customer'),
});

const update = route({
  method: 'POST',
  path: '/v1/customers/:id',
  params,
  run(call, { metadata: change, ...details }) {
    const customer = fromPath(call, 'customer');
    Object.assign(customer, defined(details), { metadata: changedMetadata(customer.metadata, change) });
    save(call, customer);
    emit(call, 'customer.updated', customer);
    return customer;
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/customers/:id',
  params: {},
  run(call) {
    const customer = fromPath(call, 'customer');
    for (const method of call.world.objects.list({
      account: call.account,
      type: 'payment_method',
      where: { customer: customer.id },
      limit: 1_000,
    })) {
      method.customer = null;
      save(call, method);
      call.world.objects.hide(method.id, { detached: true });
    }
    emit(call, 'customer.deleted', customer);
    const deleted = { id: customer.id, object: 'customer', deleted: true };
    // A deleted customer stays as this stub: `fromPath` finds it, lists and parameters do not.
    save(call, deleted as unknown as Stripe.Customer);
    return deleted;
  },
});

export const customerRoutes: Route[] = [create, list, retrieve, update, remove];

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
