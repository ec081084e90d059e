import type { DataFolder } from './data-folder.ts';
import type { Secrets } from './secrets.ts';
import type { Outage } from './server/server-process.ts';
import type { StoreLog } from './store-log.ts';

export const STORE_NAMES = ['postgres', 'redis', 'mongodb', 'typesense', 'stripe'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** Servers somebody else runs. What is given here is not started. */
export interface ExternalStores {
  readonly accountsDatabaseUrl?: string;
  readonly inventoryDatabaseUrl?: string;
  readonly ordersDatabaseUrl?: string;
  readonly paymentsDatabaseUrl?: string;
  readonly redisUrl?: string;
  readonly mongodbUrl?: string;
  readonly typesenseUrl?: string;
  readonly typesenseApiKey?: string;
  readonly stripeSecretKey?: string;
  readonly stripePublishableKey?: string;
  readonly stripeWebhookSecret?: string;
}

/** What each store's start is given. */
export interface StoreContext {
  readonly folder: DataFolder;
  readonly cacheDir: string;
  readonly secrets: Secrets;
  readonly durable: boolean;
  /** Emulators as processes of their own instead of inside this one. */
  readonly processes: boolean;
  /** Servers of this machine instead of emulators. */
  readonly useInstalled: boolean;
  readonly ports: Partial<Record<StoreName, number>>;
  readonly external: ExternalStores;
  readonly log: StoreLog;
}

export interface StoreDescription {
  readonly name: StoreName;
  /** An emulator is never shown as the thing it stands in for. */
  readonly kind: 'real' | 'emulator' | 'external';
  readonly version: string;
  readonly address: string;
  /** Absent for a server that is not ours; our own pid for one that runs inside this process. */
  readonly pid: number | undefined;
}

/** One store that is up: how to reach it, how to describe it, how to end it. */
export interface StartedStore<Access> {
  readonly access: Access;
  readonly description: StoreDescription;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  /** Where a test can take it away and give it back. */
  readonly outage?: Outage;
  stop(): Promise<void>;
}
