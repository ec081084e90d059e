import { describe, expect, it } from 'vitest';
import { type PromotionState, promotionStatus, type PromotionTerms, putPromotion } from './promotion.ts';
import { codeKeyOf, readCode } from './promotion-code.ts';

const now = new Date('2026-03-01T10:00:00.000Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const facts = { id: 'prm', vendorId: null, now };

const terms = (more: Partial<PromotionTerms> = {}): PromotionTerms => ({
  code: 'SUMMER-10',
  name: 'Summer',
  kind: 'PERCENTAGE',
  basisPoints: 1_000,
  amount: null,
  buyQuantity: null,
  getQuantity: null,
  conditions: {
    minimumSubtotal: null,
    categoryIds: [],
    productIds: [],
    offerIds: [],
    isPrimeOnly: false,
    isCombinable: false,
  },
  startsAt: null,
  endsAt: null,
  usageLimit: null,
  usageLimitPerBuyer: null,
  isDisabled: false,
  ...more,
});
const without = { basisPoints: null, amount: null, buyQuantity: null, getQuantity: null };
const euros = (amount: number) => ({ amount, currencyCode: 'EUR' });
const refusalsOf = (given: PromotionTerms) => {
  const put = putPromotion(null, given, facts);
  return put.ok ? [] : put.rejection.map(({ code, field }) => `${code} ${field?.join('.')}`);
};
const made = (more: Partial<PromotionTerms> = {}): PromotionState => {
  const put = putPromotion(null, terms(more), facts);
  if (!put.ok) throw new Error(JSON.stringify(put.rejection));
  return put.value;
};

describe('C14 a promotion', () => {
  it.each<[string, Partial<PromotionTerms>]>([
    ['a share', { basisPoints: 10_000 }],
    ['an amount', { ...without, kind: 'FIXED_AMOUNT', amount: euros(500) }],
    ['delivery', { ...without, kind: 'FREE_SHIPPING' }],
    ['units', { ...without, kind: 'BUY_X_GET_Y', buyQuantity: 2, getQuantity: 1 }],
    ['a span of time', { startsAt: at(0), endsAt: at(1) }],
    ['limits', { usageLimit: 1, usageLimitPerBuyer: 1_000 }],
  ])('may be %s', (_, more) => {
    expect(refusalsOf(terms(more))).toEqual([]);
  });

  it.each<[string, Partial<PromotionTerms>, string[]]>([
    ['more than all of it', { basisPoints: 10_001 }, ['INVALID basisPoints']],
    ['nothing', { basisPoints: 0 }, ['INVALID basisPoints']],
    ['less than nothing', { ...without, kind: 'FIXED_AMOUNT', amount: euros(-1) }, ['INVALID amount.amount']],
    [
      'money nobody has',
      { ...without, kind: 'FIXED_AMOUNT', amount: { amount: 1, currencyCode: 'XXY' } },
      ['INVALID amount.currencyCode'],
    ],
    ['a share without a share', { ...without }, ['INVALID basisPoints']],
    ['two kinds at once', { amount: euros(1) }, ['INVALID amount']],
    ['units for nothing', { ...without, kind: 'BUY_X_GET_Y', buyQuantity: 0, getQuantity: 1 }, ['INVALID buyQuantity']],
    [
      'half a thousand units',
      { ...without, kind: 'BUY_X_GET_Y', buyQuantity: 1, getQuantity: 500 },
      ['INVALID getQuantity'],
    ],
    ['over before it begins', { startsAt: at(1), endsAt: at(1) }, ['INVALID endsAt']],
    ['for nobody', { usageLimit: 0 }, ['INVALID usageLimit']],
    ['for everybody always', { usageLimitPerBuyer: 1_001 }, ['INVALID usageLimitPerBuyer']],
    ['without a name', { name: ' ' }, ['INVALID name']],
    ['without a code', { code: '' }, ['INVALID code']],
    [
      'about too much',
      { conditions: { ...terms().conditions, offerIds: Array.from({ length: 51 }, (__, n) => `off${n}`) } },
      ['LIMIT_EXCEEDED offerIds'],
    ],
    [
      'from nothing on',
      { conditions: { ...terms().conditions, minimumSubtotal: euros(0) } },
      ['INVALID minimumSubtotal.amount'],
    ],
  ])('is not %s', (_, more, refusals) => {
    expect(refusalsOf(terms(more))).toEqual(refusals);
  });

  it('keeps its code and its owner, and counts its changes', () => {
    const existing = { ...made(), vendorId: 'ven' };
    const renamed = putPromotion(existing, terms({ name: 'Autumn' }), { ...facts, expectedVersion: 1, now: at(5) });
    expect(renamed).toMatchObject({
      ok: true,
      value: { name: 'Autumn', vendorId: 'ven', version: 2, updatedAt: at(5) },
    });
    expect(putPromotion(existing, terms({ code: 'OTHER' }), facts)).toMatchObject({
      rejection: [{ code: 'ILLEGAL_TRANSITION', field: ['code'] }],
    });
    const limited = { ...existing, usageLimit: 5 };
    expect(putPromotion(limited, terms({ usageLimit: 6 }), facts)).toMatchObject({ value: { usageLimit: 6 } });
    for (const [before, usageLimit] of [
      [limited, null],
      [existing, 5],
    ] as const) {
      expect(putPromotion(before, terms({ usageLimit }), facts)).toMatchObject({
        rejection: [{ code: 'ILLEGAL_TRANSITION', field: ['usageLimit'] }],
      });
    }
    expect(putPromotion(existing, terms(), { ...facts, expectedVersion: 2 })).toMatchObject({
      rejection: [{ code: 'VERSION_MISMATCH' }],
    });
  });

  it.each([
    ['has no times', {}, 'ACTIVE'],
    ['begins now', { startsAt: at(0) }, 'ACTIVE'],
    ['begins in a second', { startsAt: at(1) }, 'SCHEDULED'],
    ['ends in a second', { endsAt: at(1) }, 'ACTIVE'],
    ['ends now', { endsAt: at(0) }, 'ENDED'],
    ['ended a second ago', { endsAt: at(-1) }, 'ENDED'],
    ['is switched off', { startsAt: at(-1), endsAt: at(1), isDisabled: true }, 'DISABLED'],
  ] as const)('%s: %o is %s', (_, more, status) => {
    expect(promotionStatus(made(more), now)).toBe(status);
  });
});

describe('C14 a code', () => {
  it.each([
    [' summer-10 ', 'SUMMER-10'],
    ['abc', 'ABC'],
    ['A'.repeat(40), 'A'.repeat(40)],
  ])('%j is %s', (given, code) => {
    expect(readCode(given)).toEqual({ ok: true, value: code });
  });

  it.each(['', 'ab', 'a-b', 'A'.repeat(41), '-abc', 'abc-', 'a--bc', 'a bc', 'ÄBC', 'АВС', 'a\u0000bc', 'a_bc'])(
    'is not %j',
    (given) => {
      expect(readCode(given).ok).toBe(false);
      expect(codeKeyOf(given)).toBeUndefined();
    },
  );

  it.each(['summer-10', 'SUMMER10', 'SUMMERIO', 'SUMMER-LO', 'sUmMeR1o'])('%s is found as SUMMER-10', (given) => {
    expect(codeKeyOf(given)).toBe(codeKeyOf('SUMMER-10'));
  });
});
