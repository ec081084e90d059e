import type { Database } from './store/database.ts';
import type { Deliveries } from './store/deliveries.ts';
import type { Later } from './store/later.ts';
import type { Movements } from './store/movements.ts';
import type { Objects } from './store/objects.ts';
import type { Replies } from './store/replies.ts';

/** The one API version whose shapes are answered; it is the one the pinned SDK asks for. */
export const API_VERSION = '2026-10-28.endive';

/** The platform's own account: the one a secret key without `Stripe-Account` acts for. */
export const PLATFORM_ACCOUNT = 'acct_1EmulatedPlatform';

/** Times and prices of the world outside; each can be set so that a test or a demo need not wait. */
export interface Settings {
  /** From capture until the money is available. Two days, as for a US account. */
  settlementDelayMs: number;
  /** From the creation of a payout until the bank answers. */
  payoutDelayMs: number;
  /** From confirmation until a bank debit is settled. */
  processingDelayMs: number;
  /** How long a new or changed payment is invisible to search, as search is at Stripe. */
  searchLagMs: number;
  /** From a capture by hand until it is booked on the balance, fee and all: at once, as at Stripe, unless a test wants to wait. */
  bookingLagMs: number;
  /** What the provider keeps of a captured charge. */
  feeBasisPoints: number;
  feeFixedMinor: number;
}

export const defaultSettings: Settings = {
  settlementDelayMs: 2 * 24 * 60 * 60 * 1_000,
  payoutDelayMs: 5_000,
  processingDelayMs: 2_000,
  searchLagMs: 1_000,
  bookingLagMs: 0,
  feeBasisPoints: 290,
  feeFixedMinor: 30,
};

/** Everything that outlives a request. */
export interface World {
  db: Database;
  objects: Objects;
  replies: Replies;
  movements: Movements;
  later: Later;
  deliveries: Deliveries;
  settings: Settings;
  /** The emulated clock, in milliseconds. */
  nowMs(): number;
  /** Where this emulator answers: for pages a buyer or vendor is sent to. */
  baseUrl(): string;
  /** Whether a webhook endpoint is known, so that events are queued for it. */
  hasWebhook(): boolean;
}

/** On whose account, when, and because of which request something happens. */
export interface Scope {
  world: World;
  account: string;
  nowMs: number;
  request: { id: string | null; idempotencyKey: string | null };
}

/** A scope for what happens by itself or by the control interface: no request stands behind it. */
export function scopeOf(world: World, account: string): Scope {
  return { world, account, nowMs: world.nowMs(), request: { id: null, idempotencyKey: null } };
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
