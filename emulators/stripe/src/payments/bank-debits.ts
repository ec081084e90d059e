import type { Decline } from './cards.ts';

/** A debit is accepted first and answered by the bank later: the way to `processing`. */
export interface BankDebit {
  /** What the bank answers in the end; nothing for yes. */
  bankRefusal?: Decline;
  /** The bank does not answer by itself; the control interface has to. */
  neverAnswers?: boolean;
}

const refusal = (code: string, message: string): BankDebit => ({ bankRefusal: { code, message } });

/** Test payment methods of the ACH kind, by their id. */
const debits: Record<string, BankDebit> = {
  pm_usBankAccount: {},
  pm_usBankAccount_success: {},
  pm_usBankAccount_processing: { neverAnswers: true },
  pm_usBankAccount_accountClosed: refusal(
    'account_closed',
    "The customer's bank account has been closed, so the payment could not be completed.",
  ),
  pm_usBankAccount_noAccount: refusal('no_account', 'The bank account could not be located.'),
  pm_usBankAccount_insufficientFunds: refusal(
    'insufficient_funds',
    'The customer account has insufficient funds to cover this payment.',
  ),
  pm_usBankAccount_debitNotAuthorized: refusal(
    'debit_not_authorized',
    'The customer has notified their bank that this payment was unauthorized.',
  ),
};

export function bankDebitOfName(id: string): BankDebit | undefined {
  return Object.hasOwn(debits, id) ? debits[id] : undefined;
}
