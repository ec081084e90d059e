import { describe, expect, it } from 'vitest';
import { readPaymentsConfig } from './config.ts';

const env = {
  PAYMENTS_DATABASE_URL: 'postgresql://app@db/payments',
  PAYMENTS_MIGRATION_DATABASE_URL: 'postgresql://owner@db/payments',
  REDIS_URL: 'redis://redis',
  PUBLIC_URL: 'https://shop.example',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old',
};

describe('the configuration of payments', () => {
  it('takes two webhook secrets while one replaces the other, and the provider itself by default', () => {
    const { stripe } = readPaymentsConfig(env);
    expect(stripe.webhookSecrets).toEqual(['whsec_new', 'whsec_old']);
    expect('apiUrl' in stripe).toBe(false);
  });

  it.each([
    ['a key that is no secret key', { STRIPE_SECRET_KEY: 'pk_test_1' }, /STRIPE_SECRET_KEY/],
    ['an address that is none', { STRIPE_API_URL: 'nowhere' }, /STRIPE_API_URL/],
    ['a page for vendors that is none', { VENDOR_PAGE_URL: 'javascript:void' }, /VENDOR_PAGE_URL/],
    ['no webhook secret', { STRIPE_WEBHOOK_SECRET: '' }, /STRIPE_WEBHOOK_SECRET/],
    ['a tax above all', { COMMISSION_TAX_RATE: '10001' }, /COMMISSION_TAX_RATE/],
  ])('names %s', (_, wrong, message) => {
    expect(() => readPaymentsConfig({ ...env, ...wrong })).toThrow(message);
  });
});
