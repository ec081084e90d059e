import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localCarrier, trackingDescriptions } from './carrier.ts';

const statuses = Object.keys(trackingDescriptions) as (keyof typeof trackingDescriptions)[];
const parcel = { fulfillmentId: 'ful_01J0000000000000000000FULF', countryCode: 'DE', postalCode: '10115' };

describe('O19 O20 the carrier of this machine', () => {
  it('O19 gives a parcel one label, however often it is asked for', async () => {
    const [first, second] = await Promise.all([localCarrier.buyLabel(parcel), localCarrier.buyLabel(parcel)]);
    expect(first).toEqual(second);
    expect(first.labelUrl).toContain(first.trackingNumber);
  });

  it('O20 tells where a parcel is once it has it, and nothing before or where it does not go', async () => {
    const places = await Promise.all(statuses.map((status) => localCarrier.locate({ ...parcel, status })));
    const known = statuses.filter((_, at) => places[at]);
    expect(known).toEqual(['SHIPPED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED', 'FAILED_ATTEMPT']);
    expect(await localCarrier.locate({ ...parcel, countryCode: 'AQ', status: 'SHIPPED' })).toBeNull();
  });

  it('O20 says the same of all who live in one area, and is on the globe whatever a postal code is', async () => {
    const at = (postalCode: string | null) => localCarrier.locate({ ...parcel, postalCode, status: 'DELIVERED' });
    expect(await at('10 115')).toEqual(await at('10999'));
    expect(await at('10115')).not.toEqual(await at('80331'));
    await fc.assert(
      fc.asyncProperty(fc.option(fc.string()), async (postalCode) => {
        const place = (await at(postalCode))!;
        expect(Math.abs(place.lat - 51.2)).toBeLessThanOrEqual(1.5);
        expect(Math.abs(place.lon - 10.4)).toBeLessThanOrEqual(1.5);
      }),
    );
  });
});
