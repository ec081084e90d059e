/** A limited number of uses of something: the slots of a deal, the redemptions of a promotion. */
export interface Allowance {
  /** How many its owner allows now. */
  allowed: number;
  /** Given so far; what is not on hand any more was used. */
  granted: number;
}

/**
 * How many units to give (or, below zero, to take back) so that as many as are
 * allowed have been given in all. What is held or used stays: then more have
 * been given than are allowed until the claims in the way have ended.
 */
export function grantOf({ allowed, granted }: Allowance, level: { onHand: number; reserved: number }): number {
  return Math.max(allowed - granted, level.reserved - level.onHand);
}

export function usedOf({ granted }: Pick<Allowance, 'granted'>, onHand: number): number {
  return granted - onHand;
}
