import { type Environment, refuseInProduction, settingsOf } from '@marketgraph/platform/config';

export interface OrdersConfig {
  /** The application's role. */
  databaseUrl: string;
  /** The owner of the tables. */
  migrationDatabaseUrl: string;
  redisUrl: string;
  /** How long goods are held for a buyer who has not paid. */
  reservationTtlS: number;
  /** A checkout mutation answers within this time, whatever the others do. */
  answerWithinMs: number;
  /** How often unfinished checkouts are looked for. */
  sweepIntervalMs: number;
  /** How often carts nobody touches are looked for. */
  cartBackupIntervalMs: number;
}

export function readOrdersConfig(env: Environment): OrdersConfig {
  refuseInProduction('orders', env, { stores: ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'REDIS_URL'] });
  const settings = settingsOf('orders', env);
  return {
    databaseUrl: settings.required('DATABASE_URL'),
    migrationDatabaseUrl: settings.required('MIGRATION_DATABASE_URL'),
    redisUrl: settings.required('REDIS_URL'),
    reservationTtlS: settings.integer('RESERVATION_TTL_S', 900, { min: 1, max: 86_400 }),
    answerWithinMs: settings.integer('CHECKOUT_ANSWER_MS', 4_500, { min: 100, max: 5_000 }),
    sweepIntervalMs: settings.integer('CHECKOUT_SWEEP_MS', 1_000, { min: 10, max: 30_000 }),
    cartBackupIntervalMs: settings.integer('CART_BACKUP_MS', 60_000, { min: 10, max: 600_000 }),
  };
}
