import { resolve } from 'node:path';
import { type Environment, settingsOf } from '@marketgraph/platform/config';

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
}

export function readCatalogConfig(env: Environment): CatalogConfig {
  const settings = settingsOf('catalog', env);
  return {
    mongodbUrl: settings.required('MONGODB_URL'),
    redisUrl: settings.required('REDIS_URL'),
    filesDir: resolve(settings.required('FILES_DIR')),
    publicUrl: settings.required('PUBLIC_URL').replace(/\/+$/, ''),
    urlSigningSecret: settings.required('URL_SIGNING_SECRET'),
    defaultCurrency: settings.optional('DEFAULT_CURRENCY') ?? 'EUR',
    defaultLanguage: settings.optional('DEFAULT_LANGUAGE') ?? 'en',
  };
}
