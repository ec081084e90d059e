/** What the process of the buyers is asked, and what it answers. */
export interface BuyerLoad {
  url: string;
  stripe: { apiUrl: string; publishableKey: string };
  /** One buyer each; every one has one request under way at a time, all of them at once. */
  tokens: readonly string[];
  /** Buyer n buys one of offer n, counted round. */
  offerIds: readonly string[];
  /** Ends at whichever comes first; an order that has begun is finished. */
  durationMs: number;
  maxOrders?: number;
}

export interface BuyerResult {
  orders: number;
  /** How often the answer was that there is none yet. */
  askedAgain: number;
  seconds: number;
  /** From the first addition to the completed checkout. */
  p50Ms: number;
  p99Ms: number;
}
