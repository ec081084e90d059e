import {
  ConfigurationError,
  type Environment,
  refuseInProduction,
  type Settings,
  settingsOf,
} from '@marketgraph/platform/config';

export interface PaymentsConfig {
  databaseUrl: string;
  /** The owner of the tables; the service itself works as another role. */
  migrationDatabaseUrl: string;
  redisUrl: string;
  stripe: {
    /** Omitted: the provider itself. */
    apiUrl?: string;
    secretKey: string;
    /** Valid at the same time while one replaces the other. */
    webhookSecrets: readonly string[];
    timeoutMs: number;
  };
  commissionTaxRate: number;
  /** The shop's page on which vendors see their payouts: the provider sends them back there. */
  vendorPageUrl: string;
  /** The pause between two looks for payments whose check is due. */
  reconcileIntervalMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

export function readPaymentsConfig(env: Environment): PaymentsConfig {
  refuseInProduction('payments', env, {
    secrets: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
    stores: ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'REDIS_URL'],
    https: ['STRIPE_API_URL'],
  });
  const settings = settingsOf('payments', env);
  const apiUrl = settings.optional('STRIPE_API_URL');
  if (apiUrl !== undefined && !URL.canParse(apiUrl)) throw new ConfigurationError(['STRIPE_API_URL is not a URL']);
  const secretKey = settings.required('STRIPE_SECRET_KEY');
  if (!/^[sr]k_(test|live)_/.test(secretKey)) {
    throw new ConfigurationError(['STRIPE_SECRET_KEY must begin with sk_test_ or sk_live_']);
  }
  return {
    databaseUrl: settings.required('DATABASE_URL'),
    migrationDatabaseUrl: settings.required('MIGRATION_DATABASE_URL'),
    redisUrl: settings.required('REDIS_URL'),
    stripe: {
      ...(apiUrl === undefined ? {} : { apiUrl }),
      secretKey,
      webhookSecrets: settings
        .required('STRIPE_WEBHOOK_SECRET')
        .split(',')
        .map((secret) => secret.trim())
        .filter((secret) => secret !== ''),
      timeoutMs: settings.integer('STRIPE_TIMEOUT_MS', DEFAULT_TIMEOUT_MS, { min: 100, max: 60_000 }),
    },
    vendorPageUrl: vendorPageOf(settings),
    commissionTaxRate: settings.integer('COMMISSION_TAX_RATE', 0, { max: 10_000 }),
    reconcileIntervalMs: settings.integer('RECONCILE_INTERVAL_MS', 1_000, { min: 50, max: 600_000 }),
  };
}

function vendorPageOf(settings: Settings): string {
  const given = settings.optional('VENDOR_PAGE_URL') ?? settings.required('PUBLIC_URL');
  if (!/^https?:/.test(given) || !URL.canParse(given)) throw new ConfigurationError(['VENDOR_PAGE_URL is not a URL']);
  return given;
}
