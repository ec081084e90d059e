import Stripe from 'stripe';
import { afterAll, beforeAll, describe } from 'vitest';

import type { StripeEmulator, StripeEmulatorOptions } from '../../src/emulator.ts';
import { startStripeEmulator } from '../../src/emulator.ts';

/** What a conformance case is run against. */
export interface Subject {
  stripe: Stripe;
  /** A buyer's client, when there is a publishable key for it. */
  buyer: Stripe | undefined;
}

const realKey = process.env['STRIPE_CONFORMANCE_KEY'];
const realPublishableKey = process.env['STRIPE_CONFORMANCE_PUBLISHABLE_KEY'];

/** No retries of its own and no telemetry: a case sees exactly the answers it asked for. */
export function sdkFor({ host, port }: { host: string; port: number }, key = 'sk_test_conformance'): Stripe {
  return new Stripe(key, { host, port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
}

/**
 * Cases that hold for the emulator and for the real test mode alike. They always run here; with
 * STRIPE_CONFORMANCE_KEY (a test key) they also run there.
 */
export function conformance(name: string, define: (subject: Subject) => void): void {
  describe(`${name} (emulator)`, () => {
    const subject = {} as Subject;
    let emulator: StripeEmulator;
    beforeAll(async () => {
      emulator = await startStripeEmulator({ settings: { searchLagMs: 50 } });
      subject.stripe = sdkFor(emulator);
      subject.buyer = sdkFor(emulator, 'pk_test_conformance');
    });
    afterAll(() => emulator.stop());
    define(subject);
  });
  if (realKey === undefined) return;
  if (!realKey.startsWith('sk_test_')) throw new Error('STRIPE_CONFORMANCE_KEY has to be a test key (sk_test_…).');
  describe(`${name} (Stripe test mode)`, () => {
    define({
      stripe: new Stripe(realKey, { telemetry: false }),
      buyer: realPublishableKey === undefined ? undefined : new Stripe(realPublishableKey, { telemetry: false }),
    });
  });
}

export interface Running {
  emulator: StripeEmulator;
  stripe: Stripe;
  control: StripeEmulator['control'];
}

/** An emulator of a suite's own, for cases that need its control interface. Stopped with the suite. */
export function ownEmulator(options: StripeEmulatorOptions = {}): Running {
  const running = {} as Running;
  beforeAll(async () => {
    running.emulator = await startStripeEmulator(options);
    running.stripe = sdkFor(running.emulator);
    running.control = running.emulator.control;
  });
  afterAll(() => running.emulator.stop());
  return running;
}

/** The refusal a call ends in; a call that succeeds instead fails the case. */
export async function refusal(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('The call was expected to be refused, and succeeded.');
}

/** A card payment that needs no return address. */
export function cardPayment(details: Partial<Stripe.PaymentIntentCreateParams> = {}): Stripe.PaymentIntentCreateParams {
  return { amount: 2_000, currency: 'usd', allowed_payment_method_types: ['card'], ...details };
}

export function paid(details: Partial<Stripe.PaymentIntentCreateParams> = {}): Stripe.PaymentIntentCreateParams {
  return cardPayment({ confirm: true, payment_method: 'pm_card_visa', ...details });
}
