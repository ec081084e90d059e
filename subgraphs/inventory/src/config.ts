import { type Environment, refuseInProduction, settingsOf } from '@marketgraph/platform/config';

export interface InventoryConfig {
  databaseUrl: string;
  migrationDatabaseUrl: string;
  redisUrl: string;
  /** How long stock stays reserved when the caller does not say. */
  reservationTtlS: number;
  /** How often the sweeper looks for reservations that have ended. */
  sweepIntervalMs: number;
}

export function readInventoryConfig(env: Environment): InventoryConfig {
  refuseInProduction('inventory', env, {
    stores: ['DATABASE_URL', 'REDIS_URL'],
    optionalStores: ['MIGRATION_DATABASE_URL'],
  });
  const settings = settingsOf('inventory', env);
  const databaseUrl = settings.required('DATABASE_URL');
  return {
    databaseUrl,
    migrationDatabaseUrl: settings.optional('MIGRATION_DATABASE_URL') ?? databaseUrl,
    redisUrl: settings.required('REDIS_URL'),
    reservationTtlS: settings.integer('RESERVATION_TTL_S', 900, { min: 1, max: 86_400 }),
    sweepIntervalMs: settings.integer('SWEEP_INTERVAL_MS', 1_000, { min: 50, max: 60_000 }),
  };
}
