import type { OrderLoop, OrderLoopResult } from './order-loop.ts';

/** What the process of the buyers is asked, and what it answers. */
export interface BuyerLoad extends OrderLoop {
  url: string;
  stripe: { apiUrl: string; publishableKey: string };
}

export interface BuyerResult extends OrderLoopResult {
  /** How often the answer was that there is none yet. */
  askedAgain: number;
}
