import type { Environment } from '@marketgraph/platform/config';
import type { ExternalStores } from '@marketgraph/stores';

/** Servers of the user's own, from the environment; whatever is not named is started here. */
export function externalStores(env: Environment): ExternalStores {
  const named: Record<keyof ExternalStores, string> = {
    accountsDatabaseUrl: 'ACCOUNTS_DATABASE_URL',
    inventoryDatabaseUrl: 'INVENTORY_DATABASE_URL',
    ordersDatabaseUrl: 'ORDERS_DATABASE_URL',
    paymentsDatabaseUrl: 'PAYMENTS_DATABASE_URL',
    redisUrl: 'REDIS_URL',
    mongodbUrl: 'MONGODB_URL',
    typesenseUrl: 'TYPESENSE_URL',
    typesenseApiKey: 'TYPESENSE_API_KEY',
    stripeSecretKey: 'STRIPE_SECRET_KEY',
    stripePublishableKey: 'STRIPE_PUBLISHABLE_KEY',
    stripeWebhookSecret: 'STRIPE_WEBHOOK_SECRET',
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([option, variable]) => (env[variable] ? [[option, env[variable]]] : [])),
  );
}
