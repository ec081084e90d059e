export type PayoutStatus = 'PROCESSING' | 'PAID' | 'FAILED';

/** How a settlement's net is used at its release: what the vendor owes is kept, the rest is transferred. */
export interface ReleaseShare {
  settlementId: string;
  net: number;
  offset: number;
  transfer: number;
}

/** Sets a vendor's debt off against its settlements, oldest first. */
export function shareOut(settlements: readonly { id: string; net: number }[], debt: number): ReleaseShare[] {
  let left = Math.max(0, debt);
  return settlements.map(({ id, net }) => {
    const offset = Math.min(left, net);
    left -= offset;
    return { settlementId: id, net, offset, transfer: net - offset };
  });
}

/** PAID once everything is with the vendor; FAILED once somebody has to look at a part of it. */
export function payoutStatus(operations: readonly { status: OperationStatus }[]): PayoutStatus {
  if (operations.every(({ status }) => status === 'SUCCEEDED')) return 'PAID';
  return operations.some(({ status }) => status === 'HELD') ? 'FAILED' : 'PROCESSING';
}

/** HELD: tried as often as is sensible; an operator decides. */
export type OperationStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'HELD';
export type OperationKind = 'REFUND' | 'TRANSFER' | 'REVERSAL';

/** Something the provider is to do once, and how often it was asked. */
export interface Operation {
  id: string;
  generation: number;
  tries: number;
  triedAt?: Date | null | undefined;
}

/** Until then a request may still be on its way to the provider. */
const IN_FLIGHT_MS = 10 * 60 * 1_000;
const TRIES_PER_KEY = 3;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60 * 60 * 1_000;

/** The same for every try whose outcome is unknown: the provider does it once. */
export function keyOf({ id, generation }: Operation): string {
  return `${id}:${generation}`;
}

/**
 * The provider repeats a failure it has stored for a key. Once several tries
 * have failed, the last long enough ago not to be on its way any more, and the provider's own
 * list has been looked through without finding it, it did not happen and never
 * will under this key.
 */
export function needsNewKey({ tries, triedAt }: Operation, now: Date): boolean {
  return tries >= TRIES_PER_KEY && triedAt != null && now.getTime() - triedAt.getTime() > IN_FLIGHT_MS;
}

export function pauseAfter(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 20), LONGEST_PAUSE_MS);
}
