import { describe, expect, it } from 'vitest';
import { isProduction } from './production.ts';

const real = {
  NODE_ENV: 'production',
  MONGODB_URL: 'mongodb://m',
  TYPESENSE_URL: 'https://t',
  TYPESENSE_API_KEY: 'k',
  STRIPE_SECRET_KEY: 'sk',
  STRIPE_PUBLISHABLE_KEY: 'pk',
  STRIPE_WEBHOOK_SECRET: 'wh',
};

describe('row 84: the start command in production', () => {
  it('wants real servers and no demo accounts, and names all that is missing', () => {
    const { MONGODB_URL: _, STRIPE_WEBHOOK_SECRET: __, ...careless } = real;
    expect(() => isProduction(careless, { demo: true })).toThrow(
      /MONGODB_URL is not set.*STRIPE_WEBHOOK_SECRET is not set.*--no-demo.*NODE_ENV unset/,
    );
    expect(() => isProduction(real, { demo: true })).toThrow('--no-demo');
    expect(isProduction(real, { demo: false })).toBe(true);
  });

  it('refuses nothing elsewhere', () => {
    expect(isProduction({}, { demo: true })).toBe(false);
    expect(isProduction({ NODE_ENV: 'development' }, { demo: true })).toBe(false);
  });
});
