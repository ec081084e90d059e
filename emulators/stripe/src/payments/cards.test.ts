import { describe, expect, it } from 'vitest';

import { cardOfName, cardOfNumber, passesLuhn } from './cards.ts';

describe('test cards', () => {
  it.each([
    ['pm_card_visa', '4242424242424242'],
    ['tok_visa', '4242424242424242'],
    ['pm_card_chargeDeclined', '4000000000000002'],
    ['pm_card_visa_chargeDeclined', '4000000000000002'],
    ['pm_card_chargeDeclinedInsufficientFunds', '4000000000009995'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', '4000000000009995'],
    ['pm_card_authenticationRequired', '4000002760003184'],
  ])('%s is %s', (name, number) => {
    expect(cardOfName(name)).toBe(cardOfNumber(number));
    expect(cardOfNumber(number)?.number).toBe(number);
    expect(passesLuhn(number)).toBe(true);
  });

  it('are found however the number is written', () => {
    expect(cardOfNumber('4242 4242-4242 4242')?.brand).toBe('visa');
  });

  it.each(['pm_card_none', 'visa', 'pm_visa', '', 'pm_card_constructor'])('%j is none', (name) => {
    expect(cardOfName(name)).toBeUndefined();
  });

  it.each([
    ['4242424242424241', false],
    ['4539578763621486', true],
    ['4242', false],
    ['4242x4242', false],
  ])('%s passes the checksum: %s', (number, passes) => {
    expect(passesLuhn(number)).toBe(passes);
  });
});
