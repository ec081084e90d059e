import type { MethodSummary } from '../domain/payment.ts';

/**
 * Ways to pay that a buyer can choose. A wallet has a card in it; with UPI the money is taken as soon as the bank agrees, because it
 * knows no holding.
 */
export type OfferedKind = 'CARD' | 'WALLET' | 'UPI' | 'INSTALLMENTS';

/** A card that the provider keeps for one of our users. The reference is a token: worth nothing without our key. */
export interface SavedMethod {
  reference: string;
  method: MethodSummary;
}

/** Ways to pay that a buyer wanted kept. They are with the provider alone; we know what their owner recognises them by. */
export interface MethodProvider {
  /** With what the buyer may confirm this intent from now on. Refused (`state`) once it is confirmed, `invalid` where it is not offered. */
  offerMethod(intentReference: string, kind: OfferedKind): Promise<void>;
  /** Somebody to keep methods for. Told our user id and nothing else. Resolves to the provider's name for it. */
  openCustomer(request: { userId: string; idempotencyKey: string }): Promise<string>;
  /** What the buyer confirms this intent with is kept afterwards. Refused (`state`) once it is confirmed. */
  keepMethodOf(intentReference: string, customerReference: string): Promise<void>;
  /** At once up to date. */
  listSavedMethods(customerReference: string): Promise<SavedMethod[]>;
  /** Nobody pays with it again. A payment that was begun with it goes on, captures and refunds included. */
  detachMethod(reference: string): Promise<void>;
}
