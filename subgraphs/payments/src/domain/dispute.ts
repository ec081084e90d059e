/** OPEN: the bank has the money until it is decided whose it is. */
export type DisputeStatus = 'OPEN' | 'WON' | 'LOST';

/** A decision is final. One that a bank takes back later is money in the books and an operator's to divide. */
const transitions: Readonly<Record<DisputeStatus, readonly DisputeStatus[]>> = {
  OPEN: ['WON', 'LOST'],
  WON: [],
  LOST: [],
};

/** Looks come in any order: an older one than is recorded changes nothing. `null` is one nobody has heard of. */
export function disputeStatusAfter(known: DisputeStatus | null, seen: DisputeStatus): DisputeStatus {
  return known === null || transitions[known].includes(seen) ? seen : known;
}

/** One movement of a dispute on our balance at the provider, in minor units: what left us is positive, what came back negative. */
export interface DisputeMovement {
  reference: string;
  amount: number;
  fee: number;
}

/**
 * What of a lost dispute the buyer has from it, and whoever sold pays: no more than has not gone back already. Of a payment that
 * was refunded as well as charged back the buyer has something twice, and that is the platform's loss.
 */
export function shareOfLoss({
  withdrawn,
  captured,
  refunded,
}: {
  withdrawn: number;
  captured: number;
  refunded: number;
}): number {
  return Math.max(0, Math.min(withdrawn, captured - refunded));
}
