import type { CpuParts } from '../measure/cpu-parts.ts';

export type System = 'ours' | 'Vendure';

/** `prepared`: carts are filled before the sale begins. `cold`: when it begins. */
export type SaleMode = 'prepared' | 'cold';

export interface OrderRound {
  system: System;
  /** At the same time, each their own offer. */
  buyers: number;
  orders: number;
  ordersPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Per order, in milliseconds, until nothing that it set off is left to do. */
  cpuMs: CpuParts;
}

/** What a system uses while nobody asks it for anything. */
export interface IdleRound {
  system: System;
  /** Milliseconds a second. */
  cpuMs: CpuParts;
}

export interface SaleRound {
  system: System;
  mode: SaleMode;
  buyers: number;
  units: number;
  /** In orders that are paid for, as the databases have it. */
  sold: number;
  /** What the databases say is left, and what of it they have set aside. */
  onHand: number;
  setAside: number;
  /** What buyers were told. */
  confirmed: number;
  soldOut: number;
  surprises: readonly string[];
  seconds: number;
  /** From asking to "sold out"; none when nobody was told. */
  toldP95Ms: number | undefined;
  /** Per buyer, in milliseconds, whether they got one or not; the carts that were filled before are in it. */
  cpuMs: CpuParts;
}

/** A marketplace that is open, with buyers who are signed in. */
export interface Market {
  order(buyers: number, durationMs: number): Promise<OrderRound>;
  idle(durationMs: number): Promise<IdleRound>;
  /** Once per mode: everybody wants the last ones. */
  sell(mode: SaleMode): Promise<SaleRound>;
  close(): Promise<void>;
}

export interface MarketSize {
  /** The largest crowd that orders at the same time. */
  buyers: number;
  sale: { buyers: number; units: number; modes: readonly SaleMode[] };
}

/** More than any run can sell. */
export const PLENTY = 1_000_000;
