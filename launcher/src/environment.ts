import type { Environment } from '@marketgraph/platform/config';
import { subgraphNames } from '@marketgraph/monolith/registry';
import type { Stores } from '@marketgraph/stores';
import type { Keys } from './keys.ts';

export interface EnvironmentOptions {
  stores: Stores;
  keys: Keys;
  /** The public address, e.g. `http://localhost:4000`. */
  publicUrl: string;
  port: number;
  host: string;
  /** The folder for files that are no store's: uploads, mail. */
  filesDir: string;
  outboxDir: string;
  operator: { email: string; password: string };
  /** Services refuse what must not be so in production. */
  production?: boolean;
  /** What the user set for services themselves, e.g. RESERVATION_TTL_S. */
  overrides?: Environment;
}

type Env = Record<string, string>;

/** What each service may know. A process gets its own entry and nothing of the others. */
export interface ServiceEnvironments {
  gateway: Env;
  subgraphs: Readonly<Record<string, Env>>;
}

export function environmentsOf(options: EnvironmentOptions): ServiceEnvironments {
  const { stores, keys, publicUrl, overrides = {} } = options;
  const common = (service: string): Env => ({
    INTERNAL_SIGNING_KEY: JSON.stringify(keys.services[service]),
    INTERNAL_TRUSTED_KEYS: JSON.stringify(keys.trusted),
    ...(options.production ? { NODE_ENV: 'production' } : {}),
  });
  const sql = (service: 'accounts' | 'inventory' | 'orders' | 'payments'): Env => ({
    DATABASE_URL: stores.postgres[service].appUrl,
    MIGRATION_DATABASE_URL: stores.postgres[service].ownerUrl,
  });
  const own: Record<string, Env> = {
    accounts: {
      ...sql('accounts'),
      REDIS_URL: stores.redis.accounts,
      JWT_PRIVATE_KEYS: JSON.stringify(keys.accessTokens),
      OUTBOX_DIR: options.outboxDir,
      OPERATOR_EMAIL: options.operator.email,
      OPERATOR_PASSWORD: options.operator.password,
    },
    catalog: {
      MONGODB_URL: stores.mongodb.catalog,
      REDIS_URL: stores.redis.catalog,
      FILES_DIR: options.filesDir,
      PUBLIC_URL: publicUrl,
      URL_SIGNING_SECRET: keys.urlSigningSecret,
    },
    inventory: { ...sql('inventory'), REDIS_URL: stores.redis.inventory },
    orders: { ...sql('orders'), REDIS_URL: stores.redis.orders },
    payments: {
      ...sql('payments'),
      REDIS_URL: stores.redis.payments,
      PUBLIC_URL: publicUrl,
      STRIPE_SECRET_KEY: stores.stripe.secretKey,
      STRIPE_WEBHOOK_SECRET: stores.stripe.webhookSecret,
      ...(stores.stripe.url ? { STRIPE_API_URL: stores.stripe.url } : {}),
    },
    reviews: { MONGODB_URL: stores.mongodb.reviews, REDIS_URL: stores.redis.reviews },
    search: {
      TYPESENSE_URL: stores.typesense.url,
      TYPESENSE_API_KEY: stores.typesense.apiKey,
      REDIS_URL: stores.redis.search,
    },
  };
  const subgraphs = Object.fromEntries(
    subgraphNames.map((name) => [name, { ...common(name), ...own[name], ...chosenFor(name, overrides) }]),
  );
  const gateway = {
    ...common('gateway'),
    REDIS_URL: stores.redis.gateway,
    HOST: options.host,
    PORT: String(options.port),
    PUBLIC_URL: publicUrl,
    CURSOR_SECRET: keys.cursorSecret,
    // Everybody on this machine comes from one address: demo data and tests register dozens of accounts.
    LOGIN_PER_ADDRESS: '600',
    RATE_POINTS_PER_MINUTE_ADDRESS: '30000000',
    RATE_REQUESTS_PER_MINUTE_ADDRESS: '240000',
    CLIENTS_PER_ADDRESS: '20000',
    SUBSCRIPTIONS_PER_ADDRESS: '100000',
    ...chosenFor('gateway', overrides),
  };
  return { gateway, subgraphs };
}

/** All of them in one environment, each under its service's prefix: for one process. */
export function joined({ gateway, subgraphs }: ServiceEnvironments): Env {
  return Object.fromEntries(
    Object.entries({ ...subgraphs, gateway }).flatMap(([service, env]) =>
      Object.entries(env).map(([name, value]) => [`${service.toUpperCase()}_${name}`, value]),
    ),
  );
}

/** `ORDERS_RESERVATION_TTL_S=60 pnpm start` reaches orders as `RESERVATION_TTL_S`. */
function chosenFor(service: string, overrides: Environment): Env {
  const prefix = `${service.toUpperCase()}_`;
  return Object.fromEntries(
    Object.entries(overrides).flatMap(([name, value]) =>
      value !== undefined && name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}
