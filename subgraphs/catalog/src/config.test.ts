import { describe, expect, it } from 'vitest';
import { readCatalogConfig } from './config.ts';

const env = {
  CATALOG_MONGODB_URL: 'mongodb://catalog@localhost/catalog',
  REDIS_URL: 'redis://localhost',
  FILES_DIR: '/data/files',
  PUBLIC_URL: 'https://shop.example/',
  URL_SIGNING_SECRET: 'secret',
};

describe('the configuration', () => {
  it('is read from the environment, the service’s own names first', () => {
    expect(readCatalogConfig({ ...env, MONGODB_URL: 'mongodb://another' })).toEqual({
      mongodbUrl: 'mongodb://catalog@localhost/catalog',
      redisUrl: 'redis://localhost',
      filesDir: '/data/files',
      publicUrl: 'https://shop.example',
      urlSigningSecret: 'secret',
      defaultCurrency: 'EUR',
      defaultLanguage: 'en',
      publishedIds: 50_000,
    });
  });

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readCatalogConfig({ ...env, [name]: undefined })).toThrow(name.replace('CATALOG_', ''));
  });

  it('takes an address of exchange rates, and nothing that is none', () => {
    const EXCHANGE_RATES_URL = 'https://rates.example/latest?base=EUR';
    expect(readCatalogConfig({ ...env, EXCHANGE_RATES_URL }).exchangeRatesUrl).toBe(EXCHANGE_RATES_URL);
    for (const wrong of ['rates.example', 'file:///etc/passwd']) {
      expect(() => readCatalogConfig({ ...env, EXCHANGE_RATES_URL: wrong })).toThrow('EXCHANGE_RATES_URL');
    }
  });

  it('refuses a currency nobody has, and a language that is none', () => {
    expect(() => readCatalogConfig({ ...env, DEFAULT_CURRENCY: 'EURO' })).toThrow('DEFAULT_CURRENCY');
    expect(() => readCatalogConfig({ ...env, DEFAULT_LANGUAGE: '?' })).toThrow('DEFAULT_LANGUAGE');
  });
});
