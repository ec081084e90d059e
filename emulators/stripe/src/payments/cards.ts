/** Why a card refuses, in the words and codes of the network's answer. */
export interface Decline {
  code: string;
  declineCode?: string;
  message: string;
  advice?: string;
  /** Stopped before it reached the bank. */
  blocked?: boolean;
}

/** What happens when a card is charged. Fixed by the number, never by chance. */
export interface CardBehaviour {
  decline?: Decline;
  /** Whether the buyer has to authenticate: always, or only while present and not yet set up. */
  authentication?: 'always' | 'on_session';
  /** Money is available at once instead of after the settlement delay. */
  availableAtOnce?: boolean;
  /** What happens to a refund after it was accepted. */
  refund?: 'fails' | 'pending';
  disputed?: boolean;
  /** The card is in a wallet: the shop sees a device's number, and which wallet. */
  wallet?: 'apple_pay' | 'google_pay';
  /** The card cannot even be saved. */
  refusesAttach?: boolean;
}

export interface TestCard extends CardBehaviour {
  number: string;
  brand: 'amex' | 'diners' | 'discover' | 'jcb' | 'mastercard' | 'unionpay' | 'visa';
  funding: 'credit' | 'debit' | 'prepaid';
  country: string;
  /** Names after `pm_card_` and `tok_` that stand for it. */
  names: readonly string[];
}

const declined = (declineCode: string, message = 'Your card was declined.', advice = 'try_again_later'): Decline => ({
  code: 'card_declined',
  declineCode,
  message,
  advice,
});
const failing = (code: string, message: string): Decline => ({ code, message, advice: 'try_again_later' });
const visa = { brand: 'visa', funding: 'credit', country: 'US' } as const;

const genericDecline = declined('generic_decline');
const insufficientFunds = declined('insufficient_funds', 'Your card has insufficient funds.');
const expiredCard = failing('expired_card', 'Your card has expired.');
const incorrectCvc = failing('incorrect_cvc', "Your card's security code is incorrect.");
const processingError = failing(
  'processing_error',
  'An error occurred while processing your card. Try again in a little bit.',
);

/** Both spellings are in use: `pm_card_chargeDeclined…` and `pm_card_visa_chargeDeclined…`. */
const decliningNames = (suffix: string) => [`chargeDeclined${suffix}`, `visa_chargeDeclined${suffix}`];

/** A wallet gives out no number that could be typed in; this one only has last digits to show. */
const WALLET_CARD = '4000000000004242';

const cards: readonly TestCard[] = [
  { ...visa, number: '4242424242424242', names: ['visa', 'us'] },
  { ...visa, number: '4000056655665556', funding: 'debit', names: ['visa_debit'] },
  { ...visa, brand: 'mastercard', number: '5555555555554444', names: ['mastercard'] },
  { ...visa, brand: 'mastercard', number: '2223003122003222', names: ['mastercard_2series'] },
  { ...visa, brand: 'mastercard', number: '5200828282828210', funding: 'debit', names: ['mastercard_debit'] },
  { ...visa, brand: 'mastercard', number: '5105105105105100', funding: 'prepaid', names: ['mastercard_prepaid'] },
  { ...visa, brand: 'amex', number: '378282246310005', names: ['amex'] },
  { ...visa, brand: 'discover', number: '6011111111111117', names: ['discover'] },
  { ...visa, brand: 'diners', number: '3056930009020004', names: ['diners'] },
  { ...visa, brand: 'jcb', number: '3566002020360505', names: ['jcb'] },
  { ...visa, brand: 'unionpay', number: '6200000000000005', names: ['unionpay'] },
  { ...visa, number: '4000000000000077', names: ['bypassPending'], availableAtOnce: true },

  { ...visa, number: '4000000000000002', names: decliningNames(''), decline: genericDecline, refusesAttach: true },
  {
    ...visa,
    number: '4000000000009995',
    names: decliningNames('InsufficientFunds'),
    decline: insufficientFunds,
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4000000000009987',
    names: decliningNames('LostCard'),
    decline: declined('lost_card', undefined, 'do_not_try_again'),
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4000000000009979',
    names: decliningNames('StolenCard'),
    decline: declined('stolen_card', undefined, 'do_not_try_again'),
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4000000000000069',
    names: decliningNames('ExpiredCard'),
    decline: expiredCard,
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4000000000000127',
    names: decliningNames('IncorrectCvc'),
    decline: incorrectCvc,
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4000000000000119',
    names: decliningNames('ProcessingError'),
    decline: processingError,
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4000000000006975',
    names: decliningNames('VelocityLimitExceeded'),
    decline: declined(
      'card_velocity_exceeded',
      'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    ),
    refusesAttach: true,
  },
  {
    ...visa,
    number: '4100000000000019',
    names: ['radarBlock'],
    decline: { ...declined('fraudulent'), blocked: true },
  },
  { ...visa, number: '4000000000000341', names: ['chargeCustomerFail'], decline: genericDecline },

  { ...visa, number: '4000002760003184', names: ['authenticationRequired'], authentication: 'always' },
  { ...visa, number: '4000002500003155', names: ['authenticationRequiredOnSetup'], authentication: 'on_session' },
  { ...visa, number: '4000000000003220', names: ['threeDSecure2Required'], authentication: 'always' },
  {
    ...visa,
    number: '4000008400001629',
    names: ['threeDSecureRequiredChargeDeclined'],
    authentication: 'always',
    decline: genericDecline,
  },
  {
    ...visa,
    number: '4000008260003178',
    names: ['authenticationRequiredChargeDeclinedInsufficientFunds'],
    authentication: 'always',
    decline: insufficientFunds,
  },

  { ...visa, number: WALLET_CARD, names: ['visa_applePay'], wallet: 'apple_pay' },
  { ...visa, number: WALLET_CARD, names: ['visa_googlePay'], wallet: 'google_pay' },

  { ...visa, number: '4000000000000259', names: ['createDispute'], disputed: true },
  { ...visa, number: '4000000000007726', names: ['pendingRefund'], refund: 'pending' },
  { ...visa, number: '4000000000005126', names: ['refundFail'], refund: 'fails' },
];

const byNumber = new Map(cards.filter(({ wallet }) => !wallet).map((card) => [card.number, card]));
const byName = new Map(cards.flatMap((card) => card.names.map((name) => [name, card] as const)));

/** A card by its number, as a buyer would type it. */
export function cardOfNumber(number: string): TestCard | undefined {
  return byNumber.get(number.replace(/[\s-]/g, ''));
}

/** A card by the name of a test payment method or token: `pm_card_visa`, `tok_visa`. */
export function cardOfName(id: string): TestCard | undefined {
  const name = /^(?:pm_card|tok)_(.+)$/.exec(id)?.[1];
  return name === undefined ? undefined : byName.get(name);
}

export function passesLuhn(number: string): boolean {
  const digits = number.replace(/[\s-]/g, '');
  if (!/^\d{12,19}$/.test(digits)) return false;
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
