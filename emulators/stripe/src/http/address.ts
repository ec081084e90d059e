import type Stripe from 'stripe';

import { hash, optional, required, text } from './params.ts';

const lines = hash({
  city: text(),
  country: text({ max: 2 }),
  line1: text(),
  line2: text(),
  postal_code: text(),
  state: text(),
});

/** An address, with `null` for what was not said, as it is shown. */
export const addressParam = optional<Stripe.Address>((value, name) => {
  const {
    city = null,
    country = null,
    line1 = null,
    line2 = null,
    postal_code = null,
    state = null,
  } = lines.read(value, name);
  return { city, country, line1, line2, postal_code, state };
});

const shippingFields = hash({
  address: required(addressParam),
  name: required(text()),
  carrier: text(),
  phone: text(),
  tracking_number: text(),
});

export interface Shipping {
  address: Stripe.Address;
  carrier: string | null;
  name: string;
  phone: string | null;
  tracking_number: string | null;
}

export const shippingParam = optional<Shipping>((value, name) => {
  const { carrier = null, phone = null, tracking_number = null, ...rest } = shippingFields.read(value, name);
  return { ...rest, carrier, phone, tracking_number };
});
