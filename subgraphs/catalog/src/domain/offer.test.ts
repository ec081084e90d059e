import { describe, expect, it } from 'vitest';
import { listOffer, type OfferState, offerStatuses, offerStatusFor, type OfferTerms, priceOffer } from './offer.ts';
import { productStatuses } from './product-status.ts';

const now = new Date('2026-01-02T00:00:00.000Z');
const facts = { id: 'off_1', productId: 'prd_1', now };
const terms: OfferTerms = {
  vendorId: 'ven_1',
  variantId: 'var_1',
  sku: 'LAMP-1',
  price: { amount: 4_900, currencyCode: 'EUR' },
  condition: 'NEW',
  minOrderQuantity: 1,
  orderMultiple: 1,
  returnWindowDays: 30,
};
const listed = (): OfferState => {
  const outcome = listOffer(null, terms, facts);
  if (!outcome.ok) throw new Error('refused');
  return outcome.value;
};

describe('an offer', () => {
  it('is the same when the same terms come again', () => {
    const offer = listed();
    expect(listOffer(offer, terms, facts)).toEqual({ ok: true, value: offer });
  });

  it('counts a version for each change', () => {
    const outcome = listOffer(listed(), { ...terms, minOrderQuantity: 5 }, facts);
    expect(outcome).toMatchObject({ ok: true, value: { version: 2, minOrderQuantity: 5 } });
  });

  it.each(offerStatuses)('that is %s and listed again', (status) => {
    const outcome = listOffer({ ...listed(), status }, { ...terms, price: { amount: 1, currencyCode: 'EUR' } }, facts);
    // A moderator's verdict is not undone by the vendor.
    expect(outcome).toMatchObject({ ok: true, value: { status: status === 'OUT_OF_COMPLIANCE' ? status : 'ACTIVE' } });
  });

  it('takes a price from the version that was read', () => {
    const price = { amount: 4_500, currencyCode: 'EUR' };
    expect(priceOffer(listed(), price, { expectedVersion: 1, now })).toMatchObject({
      ok: true,
      value: { price, version: 2 },
    });
    expect(priceOffer(listed(), price, { expectedVersion: 2, now })).toMatchObject({
      ok: false,
      rejection: [{ code: 'VERSION_MISMATCH', details: { currentVersion: 1 } }],
    });
    const archived = { ...listed(), status: 'ARCHIVED' as const };
    expect(priceOffer(archived, price, { expectedVersion: 1, now })).toMatchObject({
      rejection: [{ code: 'ILLEGAL_TRANSITION' }],
    });
  });

  it('is for sale only while its own switch, its vendor and its product all say so', () => {
    const active = offerStatuses.flatMap((status) =>
      productStatuses.flatMap((productStatus) =>
        [true, false]
          .filter((isVendorActive) => offerStatusFor(status, { isVendorActive, productStatus }) === 'ACTIVE')
          .map((is) => [status, productStatus, is]),
      ),
    );
    expect(active).toEqual([['ACTIVE', 'PUBLISHED', true]]);
    expect(offerStatusFor('ACTIVE', { isVendorActive: false, productStatus: 'PUBLISHED' })).toBe('PAUSED');
    expect(offerStatusFor('ACTIVE', { isVendorActive: true, productStatus: 'ARCHIVED' })).toBe('ARCHIVED');
  });
});
