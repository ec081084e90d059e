import { registerEnumType } from 'type-graphql';

export enum PaymentStatus {
  REQUIRES_PAYMENT_METHOD = 'REQUIRES_PAYMENT_METHOD',
  REQUIRES_ACTION = 'REQUIRES_ACTION',
  PROCESSING = 'PROCESSING',
  AUTHORIZED = 'AUTHORIZED',
  PARTIALLY_CAPTURED = 'PARTIALLY_CAPTURED',
  CAPTURED = 'CAPTURED',
  PARTIALLY_REFUNDED = 'PARTIALLY_REFUNDED',
  REFUNDED = 'REFUNDED',
  VOIDED = 'VOIDED',
  FAILED = 'FAILED',
  DISPUTED = 'DISPUTED',
}
registerEnumType(PaymentStatus, {
  name: 'PaymentStatus',
  description: 'How far a payment has come.',
  valuesConfig: {
    REQUIRES_PAYMENT_METHOD: { description: 'Waits for the buyer to confirm with a card.' },
    REQUIRES_ACTION: { description: "Waits for the buyer to pass the bank's check, e.g. 3-D Secure." },
    PROCESSING: { description: 'The bank has not answered yet.' },
    AUTHORIZED: { description: 'Held on the card, not taken.' },
    PARTIALLY_CAPTURED: { description: 'Less than the amount was taken; the rest of the hold is released.' },
    CAPTURED: { description: 'Taken.' },
    PARTIALLY_REFUNDED: { description: 'Some of what was taken went back.' },
    REFUNDED: { description: 'All that was taken went back.' },
    VOIDED: { description: 'Given up before anything was taken.' },
    FAILED: { description: 'Declined; nothing was taken.' },
    DISPUTED: { description: 'The buyer asked their bank for the money.' },
  },
});

export enum PaymentMethodKind {
  CARD = 'CARD',
  WALLET = 'WALLET',
  BANK_DEBIT = 'BANK_DEBIT',
  UPI = 'UPI',
  INSTALLMENTS = 'INSTALLMENTS',
  INVOICE_TERMS = 'INVOICE_TERMS',
}
registerEnumType(PaymentMethodKind, {
  name: 'PaymentMethodKind',
  description: 'A way to pay.',
  valuesConfig: {
    CARD: { description: 'Credit or debit card.' },
    WALLET: { description: 'A wallet on the phone.' },
    BANK_DEBIT: { description: 'Straight from a bank account.' },
    UPI: { description: 'Unified Payments Interface.' },
    INSTALLMENTS: { description: 'In several parts over time.' },
    INVOICE_TERMS: { description: 'Later, on an invoice.' },
  },
});

export enum PaymentTransactionType {
  AUTHORIZATION = 'AUTHORIZATION',
  CAPTURE = 'CAPTURE',
  REFUND = 'REFUND',
  VOID = 'VOID',
  CHARGEBACK = 'CHARGEBACK',
  TRANSFER = 'TRANSFER',
  TRANSFER_REVERSAL = 'TRANSFER_REVERSAL',
  PAYOUT = 'PAYOUT',
  FEE = 'FEE',
}
registerEnumType(PaymentTransactionType, {
  name: 'PaymentTransactionType',
  description: 'What happened to the money.',
  valuesConfig: {
    AUTHORIZATION: { description: 'Held on the card.' },
    CAPTURE: { description: 'Taken.' },
    REFUND: { description: 'Given back.' },
    VOID: { description: 'The hold was released.' },
    CHARGEBACK: { description: 'Taken back by the bank.' },
    TRANSFER: { description: "Moved to a vendor's account at the provider." },
    TRANSFER_REVERSAL: { description: 'Moved back from there.' },
    PAYOUT: { description: "Sent to a vendor's bank." },
    FEE: { description: 'Kept by the provider.' },
  },
});

export enum PaymentTransactionStatus {
  PENDING = 'PENDING',
  SUCCEEDED = 'SUCCEEDED',
  FAILED = 'FAILED',
  ACTION_REQUIRED = 'ACTION_REQUIRED',
}
registerEnumType(PaymentTransactionStatus, {
  name: 'PaymentTransactionStatus',
  description: 'How it ended.',
  valuesConfig: {
    PENDING: { description: 'Not decided yet.' },
    SUCCEEDED: { description: 'Done.' },
    FAILED: { description: 'Refused.' },
    ACTION_REQUIRED: { description: 'The buyer had to do something.' },
  },
});
