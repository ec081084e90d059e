import { resolve } from 'node:path';
import { ConfigurationError, type Environment, refuseInProduction, settingsOf } from '@marketgraph/platform/config';
import { isKnownCurrency } from './domain/currency.ts';

export interface CatalogConfig {
  /** With database and credentials. */
  mongodbUrl: string;
  redisUrl: string;
  /** Where uploads are kept. */
  filesDir: string;
  /** Base of upload and media addresses, as the public reaches the gateway. */
  publicUrl: string;
  urlSigningSecret: string;
  /** For feed rows that name no currency. */
  defaultCurrency: string;
  /** Of texts whose language nobody names. */
  defaultLanguage: string;
  /** Where the rates of the day are; a table of the code's own when absent. */
  exchangeRatesUrl?: string;
  /** Of so many products it is known that they are published, without asking the store; 0: of none. */
  publishedIds: number;
}

/** A hundred bytes each. */
const DEFAULT_PUBLISHED_IDS = 50_000;

const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/;

export function readCatalogConfig(env: Environment): CatalogConfig {
  refuseInProduction('catalog', env, { secrets: ['URL_SIGNING_SECRET'], stores: ['MONGODB_URL', 'REDIS_URL'] });
  const settings = settingsOf('catalog', env);
  const defaultCurrency = settings.optional('DEFAULT_CURRENCY') ?? 'EUR';
  const defaultLanguage = settings.optional('DEFAULT_LANGUAGE') ?? 'en';
  if (!isKnownCurrency(defaultCurrency)) {
    throw new ConfigurationError([`DEFAULT_CURRENCY "${defaultCurrency}" is not an ISO 4217 code`]);
  }
  if (!LANGUAGE.test(defaultLanguage)) {
    throw new ConfigurationError([`DEFAULT_LANGUAGE "${defaultLanguage}" is not a BCP 47 tag`]);
  }
  const exchangeRatesUrl = settings.optional('EXCHANGE_RATES_URL');
  if (exchangeRatesUrl !== undefined && !/^https?:$/.test(URL.parse(exchangeRatesUrl)?.protocol ?? '')) {
    throw new ConfigurationError(['EXCHANGE_RATES_URL is no http or https address']);
  }
  return {
    mongodbUrl: settings.required('MONGODB_URL'),
    redisUrl: settings.required('REDIS_URL'),
    filesDir: resolve(settings.required('FILES_DIR')),
    publicUrl: settings.required('PUBLIC_URL').replace(/\/+$/, ''),
    urlSigningSecret: settings.required('URL_SIGNING_SECRET'),
    defaultCurrency,
    defaultLanguage,
    ...(exchangeRatesUrl === undefined ? {} : { exchangeRatesUrl }),
    publishedIds: settings.integer('PUBLISHED_IDS', DEFAULT_PUBLISHED_IDS),
  };
}
