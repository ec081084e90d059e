import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_ENTRIES,
  MAX_TIERS_PER_OFFER,
  type PriceListEntry,
  type PriceListState,
  type PriceListTerms,
  putPriceList,
} from './price-list.ts';

const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });
const now = new Date(0);
const facts = {
  id: 'prl_1',
  vendorId: 'ven_1',
  currencies: new Map([
    ['off_1', 'EUR'],
    ['off_2', 'USD'],
  ]),
  now,
};

function anEntry(minQuantity: number, maxQuantity: number | null, changes: Partial<PriceListEntry> = {}) {
  return { offerId: 'off_1', minQuantity, maxQuantity, unitPrice: eur(900), ...changes };
}

function terms(changes: Partial<PriceListTerms> = {}): PriceListTerms {
  return {
    name: 'Wholesale',
    buyerOrganizationId: 'org_1',
    isForBusiness: false,
    entries: [anEntry(10, null)],
    validFrom: null,
    validUntil: null,
    ...changes,
  };
}

function put(changes: Partial<PriceListTerms> = {}, existing: PriceListState | null = null, expectedVersion?: number) {
  return putPriceList(existing, terms(changes), { ...facts, expectedVersion });
}

function aList(): PriceListState {
  const list = put();
  if (!list.ok) throw new Error('no list');
  return list.value;
}

describe('C11 a price list', () => {
  it('is for an organization, for whoever buys for one, or for everybody', () => {
    expect(put()).toMatchObject({ value: { audience: 'org_1', version: 1 } });
    expect(put({ buyerOrganizationId: null, isForBusiness: true })).toMatchObject({ value: { audience: 'BUSINESS' } });
    expect(put({ buyerOrganizationId: null })).toMatchObject({ value: { audience: 'EVERYBODY' } });
  });

  it.each<[string, Partial<PriceListTerms>, string, string]>([
    ['without a name', { name: ' ' }, 'INVALID', 'name'],
    ['that ends as it begins', { validFrom: now, validUntil: now }, 'INVALID', 'validUntil'],
    ['for one and for all', { isForBusiness: true }, 'INVALID', 'businessOnly'],
    [
      'of an offer that is not the vendor’s',
      { entries: [anEntry(1, 2, { offerId: 'off_9' })] },
      'NOT_FOUND',
      'entries.0.offerId',
    ],
    [
      'in another currency than the offer',
      { entries: [anEntry(1, 2, { offerId: 'off_2' })] },
      'INVALID',
      'entries.0.unitPrice.currencyCode',
    ],
    [
      'in no currency',
      { entries: [anEntry(1, 2, { unitPrice: { amount: 1, currencyCode: 'ZZZ' } })] },
      'INVALID',
      'entries.0.unitPrice.currencyCode',
    ],
    ['for nothing', { entries: [anEntry(1, 2, { unitPrice: eur(0) })] }, 'INVALID', 'entries.0.unitPrice.amount'],
    [
      'for less than nothing',
      { entries: [anEntry(1, 2, { unitPrice: eur(-1) })] },
      'INVALID',
      'entries.0.unitPrice.amount',
    ],
    ['from no unit on', { entries: [anEntry(0, null)] }, 'INVALID', 'entries.0.minQuantity'],
    ['from less than no unit on', { entries: [anEntry(-5, null)] }, 'INVALID', 'entries.0.minQuantity'],
    ['of a thousand million units', { entries: [anEntry(1, 1_000_000_000)] }, 'INVALID', 'entries.0.maxQuantity'],
    ['upside down', { entries: [anEntry(10, 9)] }, 'INVALID', 'entries.0.maxQuantity'],
    [
      'with tiers that share a quantity',
      { entries: [anEntry(10, 20), anEntry(20, null)] },
      'INVALID',
      'entries.1.minQuantity',
    ],
    [
      'with tiers that share a quantity, in any order',
      { entries: [anEntry(20, null), anEntry(10, 20)] },
      'INVALID',
      'entries.0.minQuantity',
    ],
    [
      'with a tier behind one without end',
      { entries: [anEntry(1, null), anEntry(50, 60)] },
      'INVALID',
      'entries.1.minQuantity',
    ],
    ['with one tier twice', { entries: [anEntry(1, 5), anEntry(1, 5)] }, 'INVALID', 'entries.1.minQuantity'],
    [
      'with too many entries',
      { entries: Array.from({ length: MAX_ENTRIES + 1 }, () => anEntry(1, 1)) },
      'LIMIT_EXCEEDED',
      'entries',
    ],
    [
      'with too many tiers of one offer',
      { entries: Array.from({ length: MAX_TIERS_PER_OFFER + 1 }, (_, step) => anEntry(step + 1, step + 1)) },
      'LIMIT_EXCEEDED',
      `entries.${MAX_TIERS_PER_OFFER}.offerId`,
    ],
  ])('is refused %s, with the path', (_, changes, code, path) => {
    const list = put(changes);
    expect(list.ok ? list.value : list.rejection.map(({ code: is, field }) => `${is} ${field?.join('.')}`)).toEqual([
      `${code} ${path}`,
    ]);
  });

  it('may have tiers that touch, and gaps between them', () => {
    expect(put({ entries: [anEntry(21, null), anEntry(1, 9), anEntry(10, 15)] })).toMatchObject({
      value: { entries: [{ minQuantity: 1 }, { minQuantity: 10 }, { minQuantity: 21 }] },
    });
  });

  it('is changed from the version that was read, and stays for whom it is', () => {
    const list = aList();
    expect(put({ name: 'Retail' }, list, 1)).toMatchObject({ value: { name: 'Retail', version: 2 } });
    expect(put({}, list, 2)).toMatchObject({
      rejection: [{ code: 'VERSION_MISMATCH', details: { currentVersion: 1 } }],
    });
    expect(put({ buyerOrganizationId: 'org_2' }, list)).toMatchObject({ rejection: [{ code: 'ILLEGAL_TRANSITION' }] });
  });

  it('is refused exactly when a quantity has two prices', () => {
    const tier = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.option(fc.integer({ min: 0, max: 4 })));
    fc.assert(
      fc.property(fc.array(tier, { maxLength: 5 }), (drawn) => {
        const entries = drawn.map(([from, length]) => anEntry(from, length === null ? null : from + length));
        const prices = Array.from({ length: 20 }, (_, index) =>
          entries.filter((entry) => entry.minQuantity <= index + 1 && index + 1 <= (entry.maxQuantity ?? Infinity)),
        );
        expect(put({ entries }).ok).toBe(prices.every((found) => found.length <= 1));
      }),
    );
  });
});
