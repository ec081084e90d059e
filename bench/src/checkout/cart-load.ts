/** What the process of those who fill carts is asked, and what it answers. */
export interface CartLoad {
  url: string;
  /** One buyer each, with one request under way at a time, all of them at once. */
  tokens: readonly string[];
  /** Buyer n adds one of offer n, counted round. */
  offerIds: readonly string[];
  /** Ends at whichever comes first. */
  durationMs: number;
  maxAdds?: number;
}

export interface CartResult {
  adds: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}
