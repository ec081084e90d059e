/**
 * Giving back what was sold and will not stay sold: a vendor's part that was
 * cancelled or rejected, or units that were sent back. Whole, as with checkout:
 * what it waits for, what happened, what to ask for next.
 *
 *   REFUNDING → RESTOCKING → DONE
 *       └────────→ (failure) → FAILED
 *
 * A request may be made any number of times: its key is the give-back's id, so
 * the other side has one effect. The money goes first and never waits for the
 * shelf; a refund that payments refuses for good does not keep the units away.
 */
export type GiveBack =
  | { status: 'REFUNDING' }
  | { status: 'RESTOCKING'; failure?: GiveBackFailure }
  | { status: 'DONE' }
  /** Something of it was refused for good: an operator has to look. */
  | { status: 'FAILED'; failure: GiveBackFailure };

export interface GiveBackFailure {
  code: string;
  message: string;
}

export type GiveBackEvent =
  | { type: 'refunded' }
  | { type: 'refundRefused'; failure: GiveBackFailure }
  | { type: 'unitsReceived' }
  | { type: 'unitsRefused'; failure: GiveBackFailure };

export type GiveBackRequest = 'REFUND' | 'RECEIVE_UNITS';

/** Whether units go back on the shelf. */
export interface GiveBackPlan {
  restocks: boolean;
}

export const firstGiveBack: GiveBack = { status: 'REFUNDING' };

export function isGivenBack(state: GiveBack): boolean {
  return state.status === 'DONE' || state.status === 'FAILED';
}

/** An answer the state does not wait for changes nothing: the same object comes back. */
export function advanceGiveBack(state: GiveBack, event: GiveBackEvent, { restocks }: GiveBackPlan): GiveBack {
  switch (state.status) {
    case 'REFUNDING':
      if (event.type === 'refunded') return { status: restocks ? 'RESTOCKING' : 'DONE' };
      if (event.type === 'refundRefused') {
        return { status: restocks ? 'RESTOCKING' : 'FAILED', failure: event.failure };
      }
      return state;
    case 'RESTOCKING':
      if (event.type === 'unitsReceived') {
        return state.failure ? { status: 'FAILED', failure: state.failure } : { status: 'DONE' };
      }
      if (event.type === 'unitsRefused') return { status: 'FAILED', failure: state.failure ?? event.failure };
      return state;
    case 'DONE':
    case 'FAILED':
      return state;
  }
}

/** The one thing each state needs, whoever asks for it. */
export function giveBackRequest(state: GiveBack): GiveBackRequest | undefined {
  if (state.status === 'REFUNDING') return 'REFUND';
  return state.status === 'RESTOCKING' ? 'RECEIVE_UNITS' : undefined;
}
